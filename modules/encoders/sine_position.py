"""Sine positions with a factor (VALL-E's implementations; Transformer, arXiv 1706.03762, section 3.5)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

LONGEST_PERIOD = 10_000.0  # over 2π; Transformer, section 3.5


def sine_table(positions: Tensor, channels: int) -> Tensor:
    """Positions (...) → (..., channels), sines at even and cosines at odd places; `channels` is even."""
    exponents = torch.arange(0, channels, 2, device=positions.device, dtype=torch.float32) / channels
    angles = positions.float().unsqueeze(-1) * torch.exp(-math.log(LONGEST_PERIOD) * exponents)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)


class SinePosition(nn.Module):
    """Adds factor · sine table, and drops out.

    Args:
        dropout: on the sum.
        learned: whether the factor, 1 at first, is learned.
    """

    def __init__(self, dropout: float = 0.0, learned: bool = True) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(1), requires_grad=learned)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, positions: Tensor | None = None) -> Tensor:
        """(B, T, C) → (B, T, C); positions (T,) or (B, T), from 0 by default."""
        if positions is None:
            positions = torch.arange(x.shape[1], device=x.device)
        result: Tensor = self.dropout(x + self.factor * sine_table(positions, x.shape[2]).to(x.dtype))
        return result
