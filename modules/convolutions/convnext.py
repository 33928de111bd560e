"""ConvNeXt block over time, as Vocos has it (arXiv 2306.00814, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution, layer norm, two pointwise layers with GELU between, scaled residual.

    Args:
        channels: C.
        hidden_channels: between the pointwise layers.
        kernel_size: of the depthwise convolution, odd.
        scale: initial factor of the residual branch.

    Attributes:
        context: frames on either side that an output frame depends on.
    """

    def __init__(self, channels: int, hidden_channels: int, kernel_size: int, scale: float = 0.1) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, kernel_size, padding=kernel_size // 2, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.expand = nn.Linear(channels, hidden_channels)
        self.contract = nn.Linear(hidden_channels, channels)
        self.scale = nn.Parameter(torch.full((channels,), scale))
        self.context = kernel_size // 2

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T)."""
        hidden = self.norm(self.depthwise(x).mT)
        hidden = self.contract(functional.gelu(self.expand(hidden), approximate="tanh"))
        return x + (self.scale * hidden).mT
