"""Masks of padded sequences and random slices of them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def sequence_mask(lengths: Tensor, max_length: int | None = None) -> Tensor:
    """1 inside each sequence, 0 in its padding.

    Args:
        lengths: (B,), integers.
        max_length: length of the mask; the longest sequence's where None.

    Returns:
        (B, 1, max_length), float32.
    """
    size = int(lengths.max()) if max_length is None else max_length
    positions = torch.arange(size, device=lengths.device)
    return (positions[None] < lengths[:, None]).float().unsqueeze(1)


def mask_lengths(mask: Tensor) -> Tensor:
    """(B,) int64 lengths of a mask (B, 1, T) that `sequence_mask` made."""
    return mask.sum(dim=(1, 2)).long()


def random_segment_starts(lengths: Tensor, length: int, generator: torch.Generator | None = None) -> Tensor:
    """Where to cut a slice of `length`: uniform over the places where it fits, 0 where there is none.

    Args:
        lengths: (B,), integers.
        length: of the slices.
        generator: of the random numbers, on any device; torch's own where None.

    Returns:
        (B,) int64.
    """
    places = (lengths - length + 1).clamp(min=1)
    device = lengths.device if generator is None else generator.device
    uniform = torch.rand(lengths.shape, generator=generator, device=device).to(lengths.device)
    return torch.minimum((uniform * places).long(), places - 1)


def slice_segments(x: Tensor, starts: Tensor, length: int) -> Tensor:
    """Cut one slice out of every sequence; what lies beyond the end of `x` is zero.

    Args:
        x: (B, C, T).
        starts: (B,), integers.
        length: of the slices.

    Returns:
        (B, C, length).
    """
    indices = (starts[:, None] + torch.arange(length, device=x.device))[:, None]
    if x.shape[-1] < length:  # where indices end is not asked: a GPU would be waited for
        x = functional.pad(x, (0, length - x.shape[-1]))
    last = x.shape[-1] - 1
    sliced = x.gather(2, indices.clamp(max=last).expand(-1, x.shape[1], -1))
    return sliced.masked_fill(indices > last, 0)
