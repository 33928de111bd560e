"""MelGAN's generator (arXiv 1910.06711, section 2.1)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.convolutions.upsampling import UpsamplingStage
from hiervox.modules.generators.vocoder import VocoderGenerator
from hiervox.utils.schema import Sizes

EDGE_KERNEL = 7
BLOCK_KERNEL = 3
SLOPE = 0.2
"""Of all leaky rectifiers."""


class MelGANSizes(Sizes):
    """Sizes of the generator; defaults are the published ones for 22.05 kHz.

    Attributes:
        in_channels: mel bins.
        initial_channels: before the first stage; each stage halves them.
        rates: of the transposed convolutions, whose kernels are twice as long.
        dilations: of the residual blocks behind each.
    """

    in_channels: PositiveInt = 80
    initial_channels: PositiveInt = 512
    rates: tuple[PositiveInt, ...] = Field((8, 8, 2, 2), min_length=1)
    dilations: tuple[PositiveInt, ...] = (1, 3, 9)

    @property
    def hop_length(self) -> int:
        """Samples to a frame."""
        return math.prod(self.rates)


class ShortcutBlock(nn.Module):
    """A dilated and a pointwise convolution beside a pointwise shortcut.

    Args:
        channels: C.
        dilation: of the first convolution.
    """

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.dilated = weight_norm(
            nn.Conv1d(
                channels,
                channels,
                BLOCK_KERNEL,
                dilation=dilation,
                padding=dilation * (BLOCK_KERNEL // 2),
                padding_mode="reflect",
            )
        )
        self.pointwise = weight_norm(nn.Conv1d(channels, channels, 1))
        self.shortcut = weight_norm(nn.Conv1d(channels, channels, 1))
        self.activation = nn.LeakyReLU(SLOPE)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T)."""
        out: Tensor = self.shortcut(x) + self.pointwise(self.activation(self.dilated(self.activation(x))))
        return out


class ShortcutStack(nn.Sequential):
    """`ShortcutBlock`s in a row.

    Attributes:
        context: samples on either side that an output sample depends on.
    """

    def __init__(self, channels: int, dilations: Sequence[int]) -> None:
        super().__init__(*(ShortcutBlock(channels, dilation) for dilation in dilations))
        self.context = sum(dilations) * (BLOCK_KERNEL // 2)


class MelGANGenerator(VocoderGenerator):
    """Mel spectrogram to waveform.

    Args:
        sizes: see `MelGANSizes`.
    """

    def __init__(self, sizes: MelGANSizes) -> None:
        super().__init__()
        self.sizes = sizes
        channels = [sizes.initial_channels >> stage for stage in range(len(sizes.rates) + 1)]
        self.input = _edge_conv(sizes.in_channels, channels[0])
        stages = [
            UpsamplingStage(
                before, rate, 2 * rate, ShortcutStack(after, sizes.dilations), nn.LeakyReLU(SLOPE)
            )
            for before, after, rate in zip(channels[:-1], channels[1:], sizes.rates, strict=True)
        ]
        self.stages = nn.ModuleList(stages)
        self.activation = nn.LeakyReLU(SLOPE)
        self.output = _edge_conv(channels[-1], 1)
        self.hop_length = sizes.hop_length
        receptive_field = EDGE_KERNEL // 2
        for stage in reversed(stages):
            receptive_field = stage.context(receptive_field)
        self.context = receptive_field + EDGE_KERNEL // 2

    def forward(self, mel: Tensor) -> Tensor:
        """(B, in_channels, N) → (B, 1, hop_length * N) in [-1, 1]."""
        x = self.input(mel)
        for stage in self.stages:
            x = stage(x)
        wav: Tensor = self.output(self.activation(x))
        return wav.tanh()


def _edge_conv(inputs: int, outputs: int) -> nn.Module:
    padding = EDGE_KERNEL // 2
    return weight_norm(nn.Conv1d(inputs, outputs, EDGE_KERNEL, padding=padding, padding_mode="reflect"))
