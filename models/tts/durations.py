"""Predicted durations of tokens, whatever system predicts them."""

from __future__ import annotations

from torch import Tensor

from hiervox.utils.errors import CheckpointError


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
