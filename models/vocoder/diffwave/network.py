"""DiffWave's network (arXiv 2009.09761, section 3): what noise a waveform holds."""

from __future__ import annotations

import math

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.diffusion.gated_layer import GatedLayer, kaiming_convolution
from hiervox.modules.diffusion.process import DiffusionGenerator, NoiseLevels, NoiseSchedule
from hiervox.utils.schema import Sizes

STEP_FEATURES = 64
"""Sines, and as many cosines, of a step's number."""
STEP_CHANNELS = 512
UPSAMPLING_SLOPE = 0.4
UPSAMPLING_KERNEL = 3
"""Along the mel bins."""


class DiffWaveSizes(Sizes):
    """Sizes of the network; defaults are the published ones for 22.05 kHz.

    Attributes:
        in_channels: mel bins.
        channels, n_layers, dilation_cycle: of the residual layers; layer i is dilated by
            2 ** (i % dilation_cycle).
        rates: of the two transposed convolutions that bring the mel spectrogram to the waveform's rate.
        first_beta, last_beta, n_steps: of the noise schedule in training, which is linear.
        sampling_betas: the schedule at inference; empty for that of training.
    """

    in_channels: PositiveInt = 80
    channels: PositiveInt = 64
    n_layers: PositiveInt = 30
    dilation_cycle: PositiveInt = 10
    rates: tuple[PositiveInt, ...] = Field((16, 16), min_length=1)
    first_beta: PositiveFloat = Field(1e-4, lt=1)
    last_beta: PositiveFloat = Field(0.05, lt=1)
    n_steps: PositiveInt = 50
    sampling_betas: tuple[PositiveFloat, ...] = (0.0001, 0.001, 0.01, 0.05, 0.2, 0.5)

    @property
    def hop_length(self) -> int:
        """Samples to a frame."""
        return math.prod(self.rates)


class StepEmbedding(nn.Module):
    """The number of a diffusion step as a vector; between two steps, the vectors are interpolated.

    Args:
        n_steps: of the schedule.
    """

    table: Tensor

    def __init__(self, n_steps: int) -> None:
        super().__init__()
        # In single precision, as published: the largest angles are hundreds of thousands of radians, so that
        # another way to compute the powers would give another table.
        exponents = torch.arange(STEP_FEATURES, device="cpu") * 4.0 / (STEP_FEATURES - 1)
        angles = torch.arange(n_steps, device="cpu").unsqueeze(1) * 10.0**exponents
        self.register_buffer("table", torch.cat([angles.sin(), angles.cos()], dim=1), persistent=False)
        self.first = nn.Linear(2 * STEP_FEATURES, STEP_CHANNELS)
        self.second = nn.Linear(STEP_CHANNELS, STEP_CHANNELS)

    def forward(self, steps: Tensor) -> Tensor:
        """Numbers of steps (B,), whole or not → (B, STEP_CHANNELS)."""
        below = steps.long()
        above = (below + 1).clamp(max=len(self.table) - 1)
        share = (steps - below).unsqueeze(1).to(self.table.dtype)
        features = torch.lerp(self.table[below], self.table[above], share)
        return functional.silu(self.second(functional.silu(self.first(features))))


class MelUpsampler(nn.Module):
    """Transposed two-dimensional convolutions of one channel, over mel bins and time.

    Args:
        rates: of each; its kernel is twice as long.
    """

    def __init__(self, rates: tuple[int, ...]) -> None:
        super().__init__()
        edge = UPSAMPLING_KERNEL // 2
        self.convs = nn.ModuleList(
            nn.ConvTranspose2d(1, 1, (UPSAMPLING_KERNEL, 2 * rate), (1, rate), (edge, rate // 2))
            for rate in rates
        )

    def forward(self, mel: Tensor) -> Tensor:
        """(B, M, N) → (B, M, T)."""
        x = mel.unsqueeze(1)
        for conv in self.convs:
            x = functional.leaky_relu(conv(x), UPSAMPLING_SLOPE)
        return x.squeeze(1)


class DiffWave(DiffusionGenerator):
    """Noise prediction at numbered steps, and sampling with it.

    Args:
        sizes: see `DiffWaveSizes`.
    """

    def __init__(self, sizes: DiffWaveSizes) -> None:
        schedule = NoiseSchedule.linear(sizes.first_beta, sizes.last_beta, sizes.n_steps)
        fast = NoiseSchedule(sizes.sampling_betas) if sizes.sampling_betas else schedule
        super().__init__(schedule, fast)
        self.sizes = sizes
        self.input = kaiming_convolution(1, sizes.channels)
        self.step_embedding = StepEmbedding(sizes.n_steps)
        self.upsampler = MelUpsampler(sizes.rates)
        dilations = [2 ** (layer % sizes.dilation_cycle) for layer in range(sizes.n_layers)]
        self.layers = nn.ModuleList(
            GatedLayer(
                sizes.channels,
                dilation,
                step_channels=STEP_CHANNELS,
                condition_channels=sizes.in_channels,
            )
            for dilation in dilations
        )
        self.skip = kaiming_convolution(sizes.channels, sizes.channels)
        self.output = kaiming_convolution(sizes.channels, 1)
        nn.init.zeros_(self.output.weight)
        self.hop_length = self.source_rate = sizes.hop_length
        self.context = len(fast) * (math.ceil(sum(dilations) / self.hop_length) + len(sizes.rates) + 1)

    def draw_levels(self, batch: int, device: torch.device) -> NoiseLevels:
        """Steps of the schedule, each as likely."""
        steps = torch.randint(len(self.schedule), (batch,), device=device)
        levels = self.schedule.signal_levels.sqrt().float().to(device)
        return NoiseLevels(levels[steps], steps.float())

    def codes_of(self, schedule: NoiseSchedule) -> list[float]:
        """Where each step stands among those of training."""
        return self.schedule.aligned_steps(schedule)

    def condition(self, mel: Tensor) -> Tensor:
        """(B, in_channels, N) → (B, in_channels, hop_length * N)."""
        upsampled: Tensor = self.upsampler(mel)
        return upsampled

    def predict(self, noisy: Tensor, code: Tensor, condition: Tensor) -> Tensor:
        """noisy (B, T), numbers of steps (B,), whole or not, condition (B, in_channels, T) → (B, T)."""
        step = self.step_embedding(code)
        x = functional.relu(self.input(noisy.unsqueeze(1)))
        skips = torch.zeros_like(x)
        for layer in self.layers:
            x, skip = layer(x, step, condition)
            skips = skips + skip
        hidden = functional.relu(self.skip(skips / math.sqrt(len(self.layers))))
        noise: Tensor = self.output(hidden).squeeze(1)
        return noise
