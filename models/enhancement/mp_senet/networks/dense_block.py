"""Densely connected, dilated 2-D convolutions over time and frequency (DPCRN, CMGAN; arXiv 2203.15149)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.convolutions.packed_2d import JoiningConvolution2d


class MapNorm(nn.InstanceNorm2d):
    """Instance normalisation that is quicker on a CPU where a sample's channels lie side by side."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, F), same shape; outside training the layout stays."""
        if self.training or x.device.type != "cpu":
            return super().forward(x)
        items = [self._normalized(item) for item in x.split(1)]
        return torch.cat(items) if len(items) > 1 else items[0]

    def _normalized(self, x: Tensor) -> Tensor:
        """(1, C, T, F), by frames' means: in a sum over a whole map small numbers lose their last bits."""
        cells = x.permute(0, 2, 3, 1)
        mean = _mean_over_map(cells)
        variance = _mean_over_map((cells - mean).square())
        return functional.batch_norm(x, mean, variance, self.weight, self.bias, training=False, eps=self.eps)


def _mean_over_map(cells: Tensor) -> Tensor:
    """(1, T, F, C) → (C,), of the same dtype."""
    return cells.mean(2).double().mean((0, 1)).to(cells.dtype)


class NormalizedConvolution(nn.Module):
    """A convolution, instance normalisation over its whole map, and PReLU, each channel its own.

    Args:
        convolution: a plain or transposed 2-D convolution, perhaps of several maps.
    """

    def __init__(self, convolution: nn.Conv2d | nn.ConvTranspose2d) -> None:
        super().__init__()
        self.convolution = convolution
        self.norm = MapNorm(convolution.out_channels, affine=True)
        self.activation = nn.PReLU(convolution.out_channels)

    def forward(self, *maps: Tensor) -> Tensor:
        """(B, C, T, F), each map that the convolution takes → (B, C', T', F')."""
        y: Tensor = self.activation(self.norm(self.convolution(*maps)))
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
                JoiningConvolution2d(
                    [channels] * (number + 1),
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
            maps.insert(0, layer(*maps))  # the newest stands first, as in the published weights
        return maps[0]
