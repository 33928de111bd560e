"""Predicted durations of tokens, whatever system predicts them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from hiervox.modules.functional.masking import mask_lengths
from hiervox.utils.errors import CheckpointError

ReadOne = Callable[[int, Tensor, Tensor, Tensor | None], tuple[Tensor, ...]]


def read_apart(read: ReadOne, tokens: Tensor, mask: Tensor, style: Tensor | None) -> tuple[Tensor, ...]:
    """Read the texts of a batch one by one.

    Durations are rounded to whole frames, which must not depend on the last bits of a number, and those
    depend on the batch.

    Args:
        read: from an item's number, its tokens (1, L_i), mask (1, 1, L_i) and style (1, S, 1) or None to
            tensors (1, C, L_i).
        tokens: (B, L).
        mask: (B, 1, L).
        style: (B, S, 1), or None.

    Returns:
        The tensors of all items, (B, C, L), 0 on padding.
    """
    parts = [
        read(
            item,
            tokens[[item], :length],
            mask[[item], :, :length],
            None if style is None else style[[item]],
        )
        for item, length in enumerate(mask_lengths(mask).tolist())
    ]
    return tuple(
        torch.cat([functional.pad(row, (0, mask.shape[-1] - row.shape[-1])) for row in rows])
        for rows in zip(*parts, strict=True)
    )


def require_speakable(frames_per_token: Tensor, most: float) -> None:
    """Refuse durations that no speech has, before memory for so many frames is asked for.

    Args:
        frames_per_token: (B,), means over texts.
        most: of such a mean.

    Raises:
        CheckpointError: one is larger, or not a number.
    """
    longest = float(frames_per_token.max())
    if not longest <= most:
        raise CheckpointError(
            f"the model predicts {longest:.0f} frames to a token", "train it longer, or use other weights"
        )


def require_frames(frame_lengths: Tensor) -> None:
    """Refuse texts (B,) that would have no frame at all.

    Raises:
        CheckpointError: one has none.
    """
    if not bool(frame_lengths.all()):
        raise CheckpointError("the model gives no token a frame", "train it longer, or use other weights")
