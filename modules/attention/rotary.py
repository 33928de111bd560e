"""Rotary positions (RoFormer, arXiv 2104.09864, section 3.2)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

BASE = 10_000.0


class Rotation(NamedTuple):
    """Angles that grow with the position.

    Attributes:
        cosines, sines: (T, C / 2).
    """

    cosines: Tensor
    sines: Tensor

    @classmethod
    def of(cls, length: int, channels: int, like: Tensor) -> Rotation:
        """For positions and channels, in the type of a tensor and where it is."""
        exponents = torch.arange(0, channels, 2, device=like.device, dtype=torch.float32) / channels
        places = torch.arange(length, device=like.device, dtype=torch.float32)
        angles = places[:, None] * BASE**-exponents
        return cls(angles.cos().to(like.dtype), angles.sin().to(like.dtype))

    def turned(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Pairs of channels, (..., T, C / 2) each, turned by the angles."""
        return (
            first * self.cosines - second * self.sines,
            second * self.cosines + first * self.sines,
        )
