"""Sequences at other frame rates."""

from __future__ import annotations

from torch import Tensor


def interleave(x: Tensor, rate: int) -> Tensor:
    """(B, rate * C, N) → (B, C, rate * N): each frame's channels become `rate` frames."""
    return x.unflatten(1, (-1, rate)).transpose(2, 3).flatten(2)
