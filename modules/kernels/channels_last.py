"""Convolutions over time with the channels of a sample side by side in memory, which suits some CPUs better.

On a CPU with AVX-512, PyTorch 2.11's convolution of 32 channels with 11 taps takes 1.4 instead of 3.2 ms for
14,400 samples in this layout, 64 channels gain a tenth, and more gain nothing. `conv1d` itself does not take
it, `conv2d` does.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.modules.convolutions.residual_block import MeanOfBlocks
from hiervox.modules.kernels.rules import Setting, replaces

MOST_CHANNELS = 64
LEAST_CHANNELS = 16
LEAST_SAMPLES = 256


def gains_from_channels_last(x: Tensor) -> bool:
    """Whether a stack of convolutions of (B, C, T) is quicker in that layout: for inference on a CPU."""
    return (
        x.device.type == "cpu"
        and x.dtype == torch.float32
        and not torch.is_grad_enabled()
        and not torch.is_autocast_enabled("cpu")
        and LEAST_CHANNELS <= x.shape[1] <= MOST_CHANNELS
        and x.shape[2] >= LEAST_SAMPLES
    )


def to_channels_last(x: Tensor) -> Tensor:
    """(B, C, T), the same values with the channels of a sample side by side."""
    return x.transpose(1, 2).contiguous().transpose(1, 2)


def is_channels_last(x: Tensor) -> bool:
    """Whether the channels of a sample of (B, C, T) lie side by side, and the samples do not."""
    return not x.is_contiguous() and x.transpose(1, 2).is_contiguous()


class ChannelsLastBlocks(nn.Module):
    """What `MeanOfBlocks` computes, in that layout where it is quicker.

    Args:
        blocks: they are kept.
    """

    def __init__(self, blocks: MeanOfBlocks) -> None:
        super().__init__()
        self.blocks = blocks

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T), in the layout that was quicker or that x has."""
        y: Tensor = self.blocks(to_channels_last(x) if gains_from_channels_last(x) else x)
        return y


class ChannelsLastConvolution(nn.Conv1d):
    """What `nn.Conv1d` computes, in the layout that its input has.

    Args:
        layer: with zeros around its input; its parameters are shared.
    """

    def __init__(self, layer: nn.Conv1d) -> None:
        super().__init__(
            layer.in_channels,
            layer.out_channels,
            layer.kernel_size,  # type: ignore[arg-type]
            layer.stride,  # type: ignore[arg-type]
            layer.padding,  # type: ignore[arg-type]
            layer.dilation,  # type: ignore[arg-type]
            layer.groups,
            bias=layer.bias is not None,
            device="meta",
        )
        weight = layer.weight  # a plain tensor, where weight norm was folded without gradients
        self.weight = (
            weight if isinstance(weight, nn.Parameter) else nn.Parameter(weight, requires_grad=False)
        )
        self.bias = layer.bias

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C', T')."""
        if not is_channels_last(x):
            return super().forward(x)
        weight = self.weight.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        stride, dilation = (1, *self.stride), (1, *self.dilation)
        padding = self.padding if isinstance(self.padding, str) else (0, *self.padding)
        y = F.conv2d(x.unsqueeze(2), weight, self.bias, stride, padding, dilation, self.groups)
        return y.squeeze(2)


@replaces(MeanOfBlocks)
def _channels_last_blocks(blocks: MeanOfBlocks, setting: Setting) -> nn.Module | None:
    return ChannelsLastBlocks(blocks)


def channels_last_convolution(layer: nn.Conv1d) -> nn.Conv1d:
    """What stands in for a convolution whose weights stay as they are; itself, where it is left alone."""
    plain = type(layer) is nn.Conv1d and layer.padding_mode == "zeros"
    return ChannelsLastConvolution(layer) if plain and layer.weight.device.type == "cpu" else layer
