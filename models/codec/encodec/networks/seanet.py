"""What both halves of SEANet (arXiv 2009.02095) have, as in EnCodec (arXiv 2210.13438, section 3.1)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.models.codec.encodec.networks.reflected import Normalization, ReflectedConv1d
from hiervox.utils.schema import Sizes

COMPRESSION = 2
"""Channels of a block over those inside it."""


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

    def convolution(self, conv: nn.Conv1d) -> ReflectedConv1d:
        """A convolution with the padding and the norm of all."""
        return ReflectedConv1d(conv, causal=self.causal, normalization=self.normalization)


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
