"""UnivNet's generator (arXiv 2106.07889, section 2.1)."""

from __future__ import annotations

import math

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from hiervox.models.vocoder.univnet.networks.location_variable import (
    KernelPredictor,
    KernelShape,
    location_variable_conv,
)
from hiervox.modules.generators.vocoder import FixedNoise, NoiseDrivenGenerator
from hiervox.utils.schema import Sizes

EDGE_KERNEL = 7
KERNEL = 3


class UnivNetSizes(Sizes):
    """Sizes of the generator; defaults are those of UnivNet-c32 for 24 kHz.

    Attributes:
        in_channels: mel bins.
        noise_channels: of the input noise.
        channels: of all convolutions; 16 in UnivNet-c16.
        rates: of the transposed convolutions, whose kernels are twice as long.
        dilations: of the convolutions before the location-variable ones.
        predictor_channels: of the kernel predictors.
        slope: of the leaky rectifiers.
    """

    in_channels: PositiveInt = 100
    noise_channels: PositiveInt = 64
    channels: PositiveInt = 32
    rates: tuple[PositiveInt, ...] = Field((8, 8, 4), min_length=1)
    dilations: tuple[PositiveInt, ...] = (1, 3, 9, 27)
    predictor_channels: PositiveInt = 64
    slope: PositiveFloat = 0.2

    @property
    def hop_length(self) -> int:
        """Samples to a frame."""
        return math.prod(self.rates)


class LocationVariableBlock(nn.Module):
    """A transposed convolution, then gated location-variable convolutions with residual connections.

    Args:
        sizes: see `UnivNetSizes`.
        rate: of the transposed convolution.
    """

    def __init__(self, sizes: UnivNetSizes, rate: int) -> None:
        super().__init__()
        channels = sizes.channels
        self.slope, self.rate = sizes.slope, rate
        odd = rate % 2
        self.up = weight_norm(
            nn.ConvTranspose1d(
                channels, channels, 2 * rate, stride=rate, padding=(rate + odd) // 2, output_padding=odd
            )
        )
        self.convs = nn.ModuleList(
            weight_norm(nn.Conv1d(channels, channels, KERNEL, dilation=dilation, padding=dilation))
            for dilation in sizes.dilations
        )
        self.predictor = KernelPredictor(
            sizes.in_channels,
            KernelShape(len(sizes.dilations), channels, 2 * channels, KERNEL),
            hidden_channels=sizes.predictor_channels,
            slope=sizes.slope,
        )
        self.addition_context = sum(sizes.dilations) + len(sizes.dilations) * (KERNEL // 2)

    def context(self, beyond: int) -> int:
        """Input samples on either side that an output sample and the `beyond` around it depend on."""
        return math.ceil((beyond + self.addition_context) / self.rate) + 1

    def forward(self, x: Tensor, mel: Tensor) -> Tensor:
        """(B, C, T) and mel (B, in_channels, N) → (B, C, rate * T)."""
        x = self.up(functional.leaky_relu(x, self.slope))
        kernels, biases = self.predictor(mel)
        for layer, conv in enumerate(self.convs):
            hidden = functional.leaky_relu(conv(functional.leaky_relu(x, self.slope)), self.slope)
            gate, signal = location_variable_conv(hidden, kernels[:, layer], biases[:, layer]).chunk(2, dim=1)
            x = x + torch.sigmoid(gate) * torch.tanh(signal)
        return x


class UnivNetGenerator(NoiseDrivenGenerator):
    """Mel spectrogram and noise to waveform.

    Args:
        sizes: see `UnivNetSizes`.
    """

    source_rate = 1

    def __init__(self, sizes: UnivNetSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.noise = FixedNoise(sizes.noise_channels)
        self.input = _edge_conv(sizes.noise_channels, sizes.channels)
        blocks = [LocationVariableBlock(sizes, rate) for rate in sizes.rates]
        self.blocks = nn.ModuleList(blocks)
        self.output = _edge_conv(sizes.channels, 1)
        self.hop_length = sizes.hop_length
        self.context = _context(sizes, blocks)

    def forward(self, mel: Tensor, noise: Tensor) -> Tensor:
        """mel (B, in_channels, N), noise (B, noise_channels, N) → (B, 1, hop_length * N) in [-1, 1]."""
        x = self.input(noise)
        for block in self.blocks:
            x = block(x, mel)
        wav: Tensor = self.output(functional.leaky_relu(x, self.sizes.slope))
        return wav.tanh()


def _context(sizes: UnivNetSizes, blocks: list[LocationVariableBlock]) -> int:
    """Frames of the noise behind all stages, or of the mel spectrogram behind the first stage's kernels."""
    receptive_field, by_mel, rate = EDGE_KERNEL // 2, 0, math.prod(sizes.rates)
    for block in reversed(blocks):
        frames = math.ceil((receptive_field + block.addition_context) / rate) + block.predictor.context
        by_mel, rate = max(by_mel, frames), rate // block.rate
        receptive_field = block.context(receptive_field)
    return max(receptive_field + EDGE_KERNEL // 2, by_mel)


def _edge_conv(inputs: int, outputs: int) -> nn.Module:
    padding = EDGE_KERNEL // 2
    return weight_norm(nn.Conv1d(inputs, outputs, EDGE_KERNEL, padding=padding, padding_mode="reflect"))
