"""What both halves of SEANet (arXiv 2009.02095) have, as in EnCodec (arXiv 2210.13438, section 3.1)."""

from __future__ import annotations

import math
from typing import Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

from hiervox.modules.convolutions.reflected import Normalization, ReflectedConv1d
from hiervox.utils.schema import Sizes

COMPRESSION = 2
"""Channels of a block over those inside it."""
ELU_GAIN = 1.25
"""Brings what an ELU leaves of a standard normal variable back to variance 1."""
WAVEFORM_LEVEL = 0.08
"""Root mean square of speech at a usual level."""


class SEANetSizes(Sizes):
    """Sizes of encoder and decoder; defaults are those of EnCodec at 24 kHz.

    Attributes:
        audio_channels: of the waveform; 2 for stereo.
        channels: after the first convolution of the encoder; each stage doubles them. The decoder goes back.
        strides: of the encoder's stages, whose kernels are twice as long; the decoder's are the same in
            reverse.
        dimension: of the embeddings.
        kernel_size: of the first and the last convolution.
        block_kernel_size: of the residual blocks.
        lstm_layers: of the recurrent stack.
        causal: convolutions look back only.
        normalization: of all convolutions.
        keep_variance: the convolutions' weights start so that each keeps its input's variance (He et al.,
            arXiv 1502.01852), for speech at a usual level. With torch's default, which the published model
            starts from, embeddings of speech vary over time by a hundredth of their offset, and a short
            training does not get them apart.
    """

    audio_channels: Literal[1, 2] = 1
    channels: PositiveInt = Field(32, multiple_of=2)
    strides: tuple[PositiveInt, ...] = Field((2, 4, 5, 8), min_length=1)
    dimension: PositiveInt = 128
    kernel_size: PositiveInt = 7
    block_kernel_size: PositiveInt = 3
    lstm_layers: PositiveInt = 2
    causal: bool = True
    normalization: Normalization = "weight"
    keep_variance: bool = False

    def convolution(self, conv: nn.Conv1d) -> ReflectedConv1d:
        """A convolution with the padding and the norm of all."""
        return ReflectedConv1d(conv, causal=self.causal, normalization=self.normalization)


@torch.no_grad()
def keep_variance(network: nn.Module) -> None:
    """Draw the weights of all convolutions so that each gives variance 1 from an ELU's output."""
    for module in network.modules():
        if isinstance(module, nn.Conv1d | nn.ConvTranspose1d):
            taps = module.kernel_size[0]
            if isinstance(module, nn.ConvTranspose1d):
                taps //= module.stride[0]
            deviation = ELU_GAIN / math.sqrt(module.in_channels * taps)
            set_weight(module, torch.empty_like(module.weight).normal_(0, deviation))
            assert module.bias is not None
            module.bias.zero_()


@torch.no_grad()
def scale_weight(conv: nn.Module, factor: float) -> None:
    """Multiply a convolution's weight, under a weight norm or not."""
    weight = conv.weight
    assert isinstance(weight, Tensor)
    set_weight(conv, weight * factor)


def set_weight(conv: nn.Module, weight: Tensor) -> None:
    """Set a convolution's weight, or the magnitude and direction that it is made of."""
    if parametrize.is_parametrized(conv, "weight"):
        conv.weight = weight
    else:
        conv.get_parameter("weight").copy_(weight)


class SEANetBlock(nn.Module):
    """ELU, convolution to half of the channels, ELU, convolution back; the skip is a convolution too.

    Args:
        channels: of input and output, even.
        sizes: see `SEANetSizes`.
    """

    def __init__(self, channels: int, sizes: SEANetSizes) -> None:
        super().__init__()
        inner = channels // COMPRESSION
        self.contract = sizes.convolution(nn.Conv1d(channels, inner, sizes.block_kernel_size))
        self.expand = sizes.convolution(nn.Conv1d(inner, channels, 1))
        self.skip = sizes.convolution(nn.Conv1d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, T) → (B, channels, T)."""
        inner = self.contract(F.elu(x))
        result: Tensor = self.skip(x) + self.expand(F.elu(inner))
        return result
