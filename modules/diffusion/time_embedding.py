"""The time of a diffusion as a vector of sines and cosines."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

TIME_SCALE = 1000.0
"""Radians to a unit of time at the highest frequency (Grad-TTS, arXiv 2105.06337)."""
FREQUENCY_RATIO = 10_000.0
"""Of the highest to the lowest frequency."""


class TimeEmbedding(nn.Module):
    """Times to vectors.

    Args:
        channels: of a vector, even: half of it sines, half cosines.
        scale: radians to a unit of time at the highest frequency.
    """

    frequencies: Tensor

    def __init__(self, channels: int, scale: float = TIME_SCALE) -> None:
        super().__init__()
        half = channels // 2
        step = -math.log(FREQUENCY_RATIO) / max(1, half - 1)
        exponents = torch.arange(half, dtype=torch.float32, device="cpu") * step
        self.register_buffer("frequencies", scale * exponents.exp(), persistent=False)

    def forward(self, time: Tensor) -> Tensor:
        """(B,), 0 to 1 → (B, channels)."""
        angles = time[:, None] * self.frequencies
        return torch.cat([angles.sin(), angles.cos()], dim=1)
