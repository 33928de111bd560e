"""WaveGrad's network (arXiv 2009.00713): the mel spectrogram upsampled, led by the noisy waveform."""

from __future__ import annotations

import math

import torch
from pydantic import Field, PositiveFloat, PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.diffusion.process import DiffusionGenerator, NoiseLevels, NoiseSchedule
from hiervox.utils.schema import Config

SLOPE = 0.2
LEVEL_SCALE = 5000.0
"""The noise level's factor before its sinusoids (section 3.1)."""
DOWN_DILATIONS = (1, 2, 4)


class WaveGradSizes(Config):
    """Sizes of the network; defaults are those of WaveGrad Base for 24 kHz.

    Attributes:
        in_channels: mel bins.
        mel_channels: of the first convolution over them.
        rates: of the upsampling blocks.
        channels: of the upsampling blocks.
        dilations: of the four convolutions of each upsampling block.
        wave_channels: of the noisy waveform's way down, from the waveform's rate to that of the first
            upsampling block's output.
        first_beta, last_beta, n_steps: of the linear noise schedule in training.
        sampling_first_beta, sampling_last_beta, sampling_steps: of the linear schedule at inference.
    """

    in_channels: PositiveInt = 128
    mel_channels: PositiveInt = 768
    rates: tuple[PositiveInt, ...] = Field((5, 5, 3, 2, 2), min_length=1)
    channels: tuple[PositiveInt, ...] = (512, 512, 256, 128, 128)
    dilations: tuple[tuple[PositiveInt, ...], ...] = (
        (1, 2, 1, 2),
        (1, 2, 1, 2),
        (1, 2, 4, 8),
        (1, 2, 4, 8),
        (1, 2, 4, 8),
    )
    wave_channels: tuple[PositiveInt, ...] = (32, 128, 128, 256, 512)
    first_beta: PositiveFloat = Field(1e-6, lt=1)
    last_beta: PositiveFloat = Field(0.01, lt=1)
    n_steps: PositiveInt = 1000
    sampling_first_beta: PositiveFloat = Field(1e-4, lt=1)
    sampling_last_beta: PositiveFloat = Field(0.05, lt=1)
    sampling_steps: PositiveInt = 50

    @model_validator(mode="after")
    def _check_lengths(self) -> WaveGradSizes:
        if not len(self.rates) == len(self.channels) == len(self.dilations) == len(self.wave_channels):
            raise ValueError("rates, channels, dilations and wave_channels must be equally long")
        if any(len(four) != 4 for four in self.dilations):
            raise ValueError("each upsampling block has four dilations")
        return self

    @property
    def hop_length(self) -> int:
        """Samples to a frame."""
        return math.prod(self.rates)


class FeatureModulation(nn.Module):
    """The waveform's features and the noise level to a scale and a shift (FiLM, section 3.2)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.input = _conv(inputs, inputs, 3)
        self.output = _conv(inputs, 2 * outputs, 3)
        exponents = torch.arange(-(-inputs // 2), device="cpu") / max(1, inputs // 2)
        self.register_buffer("frequencies", 1e-4**exponents, persistent=False)

    frequencies: Tensor

    def forward(self, x: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
        """(B, inputs, T), √ᾱ (B,) → scale and shift, (B, outputs, T) each."""
        angles = LEVEL_SCALE * level.unsqueeze(1) * self.frequencies
        encoding = torch.cat([angles.sin(), angles.cos()], dim=1)[:, : x.shape[1]]
        hidden = functional.leaky_relu(self.input(x), SLOPE) + encoding.unsqueeze(-1)
        scale, shift = self.output(hidden).chunk(2, dim=1)
        return scale, shift


class DownsamplingBlock(nn.Module):
    """The noisy waveform's features at a lower rate, with a residual connection."""

    def __init__(self, inputs: int, outputs: int, rate: int) -> None:
        super().__init__()
        self.rate = rate
        self.residual = _conv(inputs, outputs, 1)
        channels = (inputs, outputs, outputs)
        self.convs = nn.ModuleList(
            _conv(before, outputs, 3, dilation)
            for before, dilation in zip(channels, DOWN_DILATIONS, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, rate * T) → (B, outputs, T)."""
        out = x[..., :: self.rate]
        residual = self.residual(out)
        for conv in self.convs:
            out = conv(functional.leaky_relu(out, SLOPE))
        return out + residual


class UpsamplingBlock(nn.Module):
    """Features at a higher rate; behind each pair of convolutions the modulation enters."""

    def __init__(self, inputs: int, outputs: int, rate: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.rate = rate
        self.residual = _conv(inputs, outputs, 1)
        channels = (inputs, outputs, outputs, outputs)
        self.convs = nn.ModuleList(
            _conv(before, outputs, 3, dilation) for before, dilation in zip(channels, dilations, strict=True)
        )

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """(B, inputs, T), modulation (B, outputs, rate * T) → (B, outputs, rate * T)."""
        first, second, third, fourth = self.convs
        residual = self.residual(x).repeat_interleave(self.rate, dim=2)
        hidden = functional.leaky_relu(x, SLOPE).repeat_interleave(self.rate, dim=2)
        hidden = scale * first(hidden) + shift
        out = residual + second(functional.leaky_relu(hidden, SLOPE))
        hidden = third(functional.leaky_relu(scale * out + shift, SLOPE))
        modulated = functional.leaky_relu(scale * hidden + shift, SLOPE)
        result: Tensor = out + fourth(modulated)
        return result


class WaveGrad(DiffusionGenerator):
    """Noise prediction at continuous noise levels, and sampling with it.

    Args:
        sizes: see `WaveGradSizes`.

    Attributes:
        schedule: of training.
    """

    def __init__(self, sizes: WaveGradSizes) -> None:
        fast = NoiseSchedule.linear(sizes.sampling_first_beta, sizes.sampling_last_beta, sizes.sampling_steps)
        super().__init__(fast, fast.signal_levels.sqrt().tolist())
        self.sizes = sizes
        self.schedule = NoiseSchedule.linear(sizes.first_beta, sizes.last_beta, sizes.n_steps)
        self.wave_input = _conv(1, sizes.wave_channels[0], 5)
        self.mel_input = _conv(sizes.in_channels, sizes.mel_channels, 3)
        wave = list(zip(sizes.wave_channels[:-1], sizes.wave_channels[1:], sizes.rates[:0:-1], strict=True))
        self.down = nn.ModuleList(DownsamplingBlock(*block) for block in wave)
        inputs = (sizes.mel_channels, *sizes.channels[:-1])
        self.modulations = nn.ModuleList(
            FeatureModulation(before, after)
            for before, after in zip(sizes.wave_channels[::-1], sizes.channels, strict=True)
        )
        self.up = nn.ModuleList(
            UpsamplingBlock(*block)
            for block in zip(inputs, sizes.channels, sizes.rates, sizes.dilations, strict=True)
        )
        self.output = _conv(sizes.channels[-1], 1, 3)
        self.hop_length = self.source_rate = sizes.hop_length
        self.context = len(fast) * _context(sizes)

    def draw_levels(self, batch: int, device: torch.device) -> NoiseLevels:
        """Between the levels of two neighbouring steps, uniformly (algorithm 1)."""
        ends = functional.pad(self.schedule.signal_levels.sqrt().float(), (1, 0), value=1.0).to(device)
        steps = torch.randint(len(self.schedule), (batch,), device=device)
        level = torch.lerp(ends[steps], ends[steps + 1], torch.rand(batch, device=device))
        return NoiseLevels(level, level)

    def condition(self, mel: Tensor) -> Tensor:
        """(B, in_channels, N) → (B, mel_channels, N)."""
        hidden: Tensor = self.mel_input(mel)
        return hidden

    def predict(self, noisy: Tensor, code: Tensor, condition: Tensor) -> Tensor:
        """noisy (B, T), √ᾱ (B,), condition (B, mel_channels, N) → (B, T)."""
        features = [self.wave_input(noisy.unsqueeze(1))]
        for block in self.down:
            features.append(block(features[-1]))
        x = condition
        for block, modulation in zip(self.up, self.modulations, strict=True):
            x = block(x, *modulation(features.pop(), code))
        noise: Tensor = self.output(x).squeeze(1)
        return noise


def _context(sizes: WaveGradSizes) -> int:
    """Frames on either side that a prediction depends on, from above: every reach at its own rate."""
    samples, rate = 1, sizes.hop_length  # samples of reach, and samples to a value
    for factor, dilations in zip(sizes.rates, sizes.dilations, strict=True):
        rate //= factor
        samples += rate * (sum(dilations) + 2 + sum(DOWN_DILATIONS) + factor)
    return math.ceil((samples + 2) / sizes.hop_length) + 1


def _conv(inputs: int, outputs: int, kernel_size: int, dilation: int = 1) -> nn.Conv1d:
    conv = nn.Conv1d(inputs, outputs, kernel_size, dilation=dilation, padding=dilation * (kernel_size // 2))
    nn.init.orthogonal_(conv.weight)
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv
