"""Filling gaps in sequences."""

from __future__ import annotations

import torch
from torch import Tensor


def interpolate_unvoiced(f0: Tensor) -> Tensor:
    """F0 (B, N) with straight lines across unvoiced frames (0), and the nearest value at the ends.

    An item without a voiced frame stays 0.
    """
    size = f0.shape[1]
    places = torch.arange(size, device=f0.device).expand_as(f0)
    voiced = f0 > 0
    before = torch.where(voiced, places, -1).cummax(1).values
    after = torch.where(voiced, places, size).flip(1).cummin(1).values.flip(1)
    first, last = before < 0, after >= size
    left = torch.where(first, after, before).clamp(0, size - 1)
    right = torch.where(last, before, after).clamp(0, size - 1)
    share = (places - left) / (right - left).clamp_min(1)
    low, high = f0.gather(1, left), f0.gather(1, right)
    return low + share * (high - low)
