"""Densely connected, dilated 2-D convolutions over time and frequency (DPCRN, CMGAN; arXiv 2203.15149)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class NormalizedConvolution(nn.Module):
    """A convolution, instance normalisation over its whole map, and PReLU, each channel its own.

    Args:
        convolution: a plain or transposed 2-D convolution.
    """

    def __init__(self, convolution: nn.Conv2d | nn.ConvTranspose2d) -> None:
        super().__init__()
        self.convolution = convolution
        self.norm = nn.InstanceNorm2d(convolution.out_channels, affine=True)
        self.activation = nn.PReLU(convolution.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, F) → (B, C', T', F')."""
        y: Tensor = self.activation(self.norm(self.convolution(x)))
        return y


class DilatedDenseBlock(nn.Module):
    """Layers of which each sees the block's input and what all layers before it made.

    Args:
        channels: of the input and of every layer.
        depth: number of layers; the dilation in time doubles from one to the next, starting at 1.
    """

    def __init__(self, channels: int, depth: int = 4) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            NormalizedConvolution(
                nn.Conv2d(
                    (number + 1) * channels,
                    channels,
                    kernel_size=3,
                    dilation=(2**number, 1),
                    padding=(2**number, 1),
                )
            )
            for number in range(depth)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, F) → the last layer's output, of the same shape."""
        maps = [x]
        for layer in self.layers:
            maps.insert(0, layer(torch.cat(maps, dim=1)))  # the newest first, as in the published weights
        return maps[0]
