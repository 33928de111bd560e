"""What all of FACodec's convolutional parts are built of, in both published forms."""

from __future__ import annotations

import math
from itertools import pairwise

from pydantic import Field, NonNegativeInt, PositiveInt
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.activations.alias_free import AliasFreeActivation
from hiervox.modules.activations.snake import Snake, SnakeBeta
from hiervox.modules.convolutions.reflected import ReflectedConv1d, ReflectedConvTranspose1d
from hiervox.modules.recurrent.residual_lstm import ResidualLSTM
from hiervox.utils.schema import Sizes

UNIT_KERNEL = 7
DILATIONS = (1, 3, 9)
"""Of the residual units of a stage (Descript Audio Codec, arXiv 2306.06546)."""


class LayerSizes(Sizes):
    """How layers look around; defaults are those of the paper's authors.

    Attributes:
        causal: convolutions look back only and reflect the start, and activations are plain Snakes, as in the
            form that was published with a training; otherwise convolutions look both ways over zeros, and
            activations are Snakes at twice the rate between low-pass filters, as BigVGAN's.
        lstm_layers: of the recurrent stack between encoder or decoder and its narrow end; 0 for none.
    """

    causal: bool = False
    lstm_layers: NonNegativeInt = 0

    def activation(self, channels: int) -> nn.Module:
        """Of (B, channels, T)."""
        return Snake(channels) if self.causal else AliasFreeActivation(SnakeBeta(channels))

    def convolution(self, before: int, after: int, kernel_size: int, dilation: int = 1) -> nn.Module:
        """(B, before, T) → (B, after, T)."""
        if self.causal:
            return ReflectedConv1d(nn.Conv1d(before, after, kernel_size, dilation=dilation))
        padding = (kernel_size - 1) * dilation // 2
        return weight_norm(nn.Conv1d(before, after, kernel_size, dilation=dilation, padding=padding))

    def down(self, before: int, after: int, stride: int) -> nn.Module:
        """(B, before, T) → (B, after, ceil(T / stride)); the last begun window is left out unless causal."""
        if self.causal:
            return ReflectedConv1d(nn.Conv1d(before, after, 2 * stride, stride))
        return weight_norm(nn.Conv1d(before, after, 2 * stride, stride, padding=math.ceil(stride / 2)))

    def up(self, before: int, after: int, stride: int) -> nn.Module:
        """(B, before, T) → (B, after, T * stride)."""
        if self.causal:
            return ReflectedConvTranspose1d(nn.ConvTranspose1d(before, after, 2 * stride, stride))
        padding, more = math.ceil(stride / 2), stride % 2
        return weight_norm(
            nn.ConvTranspose1d(before, after, 2 * stride, stride, padding=padding, output_padding=more)
        )

    def recurrent(self, channels: int) -> nn.Module:
        """(B, channels, T) → (B, channels, T)."""
        return ResidualLSTM(channels, self.lstm_layers) if self.lstm_layers else nn.Identity()


class ResidualUnit(nn.Module):
    """Activation, dilated convolution, activation, pointwise convolution; its input is added.

    Args:
        channels: of input and output.
        dilation: of the first convolution.
        layers: see `LayerSizes`.
    """

    def __init__(self, channels: int, dilation: int, layers: LayerSizes) -> None:
        super().__init__()
        self.block = nn.Sequential(
            layers.activation(channels),
            layers.convolution(channels, channels, UNIT_KERNEL, dilation),
            layers.activation(channels),
            layers.convolution(channels, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, T) → (B, channels, T)."""
        result: Tensor = x + self.block(x)
        return result


class AutoencoderSizes(LayerSizes):
    """Sizes of encoder and decoder.

    Attributes:
        strides: of the encoder's stages; the decoder's are the same in reverse.
        encoder_channels: after the first convolution; each stage doubles them.
        decoder_channels: before the decoder's first stage; each stage halves them.
        dimension: of the embeddings between them.
    """

    strides: tuple[PositiveInt, ...] = Field((2, 4, 5, 5), min_length=1)
    encoder_channels: PositiveInt = 32
    decoder_channels: PositiveInt = 1024
    dimension: PositiveInt = 256

    @property
    def hop_length(self) -> int:
        """Samples to a frame."""
        return math.prod(self.strides)


class Encoder(nn.Sequential):
    """A waveform to embeddings (arXiv 2403.03100, section 3.2.1).

    (B, 1, T) → (B, dimension, N), N frames of `hop_length` samples; an incomplete one counts where layers are
    causal.

    Args:
        sizes: see `AutoencoderSizes`.
    """

    def __init__(self, sizes: AutoencoderSizes) -> None:
        channels = [sizes.encoder_channels * 2**stage for stage in range(len(sizes.strides) + 1)]
        stages = zip(pairwise(channels), sizes.strides, strict=True)
        super().__init__(
            sizes.convolution(1, channels[0], 7),
            nn.Sequential(*(_encoder_stage(before, after, step, sizes) for (before, after), step in stages)),
            sizes.recurrent(channels[-1]),
            sizes.activation(channels[-1]),
            sizes.convolution(channels[-1], sizes.dimension, 3),
        )


def _encoder_stage(before: int, after: int, stride: int, sizes: AutoencoderSizes) -> nn.Sequential:
    return nn.Sequential(
        *(ResidualUnit(before, dilation, sizes) for dilation in DILATIONS),
        sizes.activation(before),
        sizes.down(before, after, stride),
    )


class Decoder(nn.Sequential):
    """Embeddings to a waveform (arXiv 2403.03100, section 3.2.1).

    (B, dimension, N) → (B, 1, N * hop_length).

    Args:
        sizes: see `AutoencoderSizes`.
    """

    def __init__(self, sizes: AutoencoderSizes) -> None:
        channels = [sizes.decoder_channels // 2**stage for stage in range(len(sizes.strides) + 1)]
        stages = zip(pairwise(channels), reversed(sizes.strides), strict=True)
        super().__init__(
            sizes.convolution(sizes.dimension, channels[0], 7),
            sizes.recurrent(channels[0]),
            nn.Sequential(*(_decoder_stage(before, after, step, sizes) for (before, after), step in stages)),
            sizes.activation(channels[-1]),
            sizes.convolution(channels[-1], 1, 7),
            nn.Tanh(),
        )


def _decoder_stage(before: int, after: int, stride: int, sizes: AutoencoderSizes) -> nn.Sequential:
    return nn.Sequential(
        sizes.activation(before),
        sizes.up(before, after, stride),
        *(ResidualUnit(after, dilation, sizes) for dilation in DILATIONS),
    )
