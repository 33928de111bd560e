"""WaveGrad's network (arXiv 2009.00713): the mel spectrogram upsampled, led by the noisy waveform."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from pydantic import Field, PositiveFloat, PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.diffusion.process import Betas, DiffusionGenerator, NoiseLevels, NoiseSchedule
from hiervox.modules.diffusion.wavegrad_blocks import (
    DOWN_DILATIONS,
    DownsamplingBlock,
    FeatureModulation,
    Interpolation,
    UpsamplingBlock,
    conv,
)
from hiervox.utils.schema import Sizes


class ScoreSizes(Sizes):
    """Sizes of the network; defaults are those of WaveGrad Base for 24 kHz.

    Attributes:
        in_channels: mel bins, or channels of what else is known of each frame.
        mel_channels: of the first convolution over them.
        rates: of the upsampling blocks.
        channels: of the upsampling blocks.
        dilations: of the four convolutions of each upsampling block, from the lowest rate on; these are the
            vocoder's in github.com/ivanvovk/WaveGrad 721c37c.
        wave_channels: of the noisy waveform's way down, from the waveform's rate to that of the first
            upsampling block's output.
        blocks_per_rate: 1, or 2 for the large network, whose every block is followed by one without resizing.
        interpolation: how blocks resize; the open implementations do it by `linear` interpolation.
        first_beta, last_beta, n_steps: of the linear noise schedule in training; ᾱ ends at 0.0066.
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
    blocks_per_rate: PositiveInt = 1
    interpolation: Interpolation = "nearest"
    first_beta: PositiveFloat = Field(1e-6, lt=1)
    last_beta: PositiveFloat = Field(0.01, lt=1)
    n_steps: PositiveInt = 1000

    @model_validator(mode="after")
    def _check_lengths(self) -> ScoreSizes:
        if not len(self.rates) == len(self.channels) == len(self.dilations) == len(self.wave_channels):
            raise ValueError("rates, channels, dilations and wave_channels must be equally long")
        if any(len(four) != 4 for four in self.dilations):
            raise ValueError("each upsampling block has four dilations")
        return self

    @property
    def hop_length(self) -> int:
        """Samples to a frame."""
        return math.prod(self.rates)

    @property
    def schedule(self) -> NoiseSchedule:
        """Of training."""
        return NoiseSchedule.linear(self.first_beta, self.last_beta, self.n_steps)

    @property
    def sampling_schedule(self) -> NoiseSchedule:
        """Of inference."""
        return self.schedule


class WaveGradSizes(ScoreSizes):
    """Sizes of the vocoder.

    Attributes:
        sampling_first_beta, sampling_last_beta, sampling_steps: of the linear schedule at inference, whose ᾱ
            ends at 0.28. The training schedule's range in so few steps would end at 0.78, far from noise.
        sampling_betas: the schedule at inference, where it is not that one, such as ivanvovk's six steps:
            1e-6, 1.89e-5, 1.19e-4, 1e-3, 1.11e-2, 6e-2.
    """

    sampling_first_beta: PositiveFloat = Field(1e-4, lt=1)
    sampling_last_beta: PositiveFloat = Field(0.05, lt=1)
    sampling_steps: PositiveInt = 50
    sampling_betas: Betas = ()

    @property
    def sampling_schedule(self) -> NoiseSchedule:
        """Of inference."""
        if self.sampling_betas:
            return NoiseSchedule(self.sampling_betas)
        return NoiseSchedule.linear(self.sampling_first_beta, self.sampling_last_beta, self.sampling_steps)


class WaveGrad(DiffusionGenerator):
    """Noise prediction at continuous noise levels, and sampling with it.

    Args:
        sizes: see `ScoreSizes`.
    """

    def __init__(self, sizes: ScoreSizes) -> None:
        fast = sizes.sampling_schedule
        super().__init__(sizes.schedule, fast)
        self.sizes = sizes
        self.wave_input = conv(1, sizes.wave_channels[0], 5)
        self.mel_input = conv(sizes.in_channels, sizes.mel_channels, 3)
        self.down = nn.ModuleList(
            DownsamplingBlock(before, after, rate, interpolation=sizes.interpolation)
            for before, after, rate in _blocks(sizes.wave_channels, sizes.rates[:0:-1], sizes.blocks_per_rate)
        )
        self.modulations = nn.ModuleList(
            FeatureModulation(before, after)
            for before, after in zip(sizes.wave_channels[::-1], sizes.channels, strict=True)
        )
        ups = _blocks((sizes.mel_channels, *sizes.channels), sizes.rates, sizes.blocks_per_rate)
        self.up = nn.ModuleList(
            UpsamplingBlock(
                before,
                after,
                rate,
                dilations=sizes.dilations[number // sizes.blocks_per_rate],
                interpolation=sizes.interpolation,
            )
            for number, (before, after, rate) in enumerate(ups)
        )
        self.output = conv(sizes.channels[-1], 1, 3)
        self.hop_length = self.source_rate = sizes.hop_length
        self.context = len(fast) * self.step_context

    @property
    def step_context(self) -> int:
        """Frames on either side that one prediction of the noise depends on."""
        return _context(self.sizes)

    def draw_levels(self, batch: int, device: torch.device) -> NoiseLevels:
        """Between the levels of two neighbouring steps, uniformly (algorithm 1)."""
        ends = functional.pad(self.schedule.signal_levels.sqrt().float(), (1, 0), value=1.0).to(device)
        steps = torch.randint(len(self.schedule), (batch,), device=device)
        level = torch.lerp(ends[steps], ends[steps + 1], torch.rand(batch, device=device))
        return NoiseLevels(level, level)

    def codes_of(self, schedule: NoiseSchedule) -> list[float]:
        """√ᾱ after each step."""
        levels: list[float] = schedule.signal_levels.sqrt().tolist()
        return levels

    def condition(self, mel: Tensor) -> Tensor:
        """(B, in_channels, N) → (B, mel_channels, N)."""
        hidden: Tensor = self.mel_input(mel)
        return hidden

    def predict(self, noisy: Tensor, code: Tensor, condition: Tensor) -> Tensor:
        """noisy (B, T), √ᾱ (B,), condition (B, mel_channels, N) → (B, T)."""
        several = self.sizes.blocks_per_rate
        features = [self.wave_input(noisy.unsqueeze(1))]
        for number, block in enumerate(self.down):
            if number % several:
                features[-1] = block(features[-1])
            else:
                features.append(block(features[-1]))
        x = condition
        for number, block in enumerate(self.up):
            if number % several == 0:
                modulation = self.modulations[number // several](features.pop(), code)
            x = block(x, *modulation)
        noise: Tensor = self.output(x).squeeze(1)
        return noise


def _blocks(
    channels: tuple[int, ...], rates: tuple[int, ...], several: int
) -> Iterator[tuple[int, int, int]]:
    """Input channels, output channels and rate of each block; those after the first of a rate keep it."""
    for before, after, rate in zip(channels[:-1], channels[1:], rates, strict=True):
        yield before, after, rate
        for _ in range(several - 1):
            yield after, after, 1


def _context(sizes: ScoreSizes) -> int:
    """Frames on either side that a prediction depends on, from above: every layer at its own rate."""
    samples, rate = 1, sizes.hop_length  # samples of the receptive field, and samples to a value
    for factor, dilations in zip(sizes.rates, sizes.dilations, strict=True):
        rate //= factor
        receptive_field = sizes.blocks_per_rate * (sum(dilations) + sum(DOWN_DILATIONS))
        samples += rate * (receptive_field + 2 + 2 * factor)
    return math.ceil((samples + 2) / sizes.hop_length) + 1
