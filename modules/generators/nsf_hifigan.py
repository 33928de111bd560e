"""Neural source filters in HiFi-GAN's frame: harmonics of F0 enter behind the transposed convolutions.

Harmonic-plus-noise source: Wang et al., arXiv 1904.12088, section 2.2; joined to HiFi-GAN in the singing
vocoders of openvpi and of Amphion.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.generators.hifigan import HiFiGANGenerator, HiFiGANSizes
from hiervox.modules.generators.vocoder import SourceWindow, VocoderGenerator

SINE_AMPLITUDE = 0.1
VOICED_NOISE = 0.003
"""Standard deviation of the noise beside the sines; where unvoiced it is a third of their amplitude."""
NOISE_SAMPLES = 65_521
"""Of the noise before it repeats, a prime."""
SINE_STAGE = 1
"""Behind which stage the single sine of the pitch-controllable network enters, counted from 0."""


class NSFHiFiGANSizes(HiFiGANSizes):
    """Sizes of the generator; defaults are those of openvpi's 44.1 kHz network.

    Attributes:
        sample_rate: of the waveform, Hz.
        source: `harmonic` adds a mixture of sines and noise behind every stage; `sine` a single sine behind
            the second stage (pitch-controllable NSF-HiFi-GAN); `none` takes no F0, as Amphion's published
            weights, in effect, do.
        overtones: sines beside the fundamental, of the harmonic source.
    """

    in_channels: PositiveInt = 128
    rates: tuple[PositiveInt, ...] = Field((8, 8, 2, 2, 2), min_length=2)
    kernel_sizes: tuple[PositiveInt, ...] = (16, 16, 4, 4, 4)
    sample_rate: PositiveInt = 44_100
    source: Literal["harmonic", "sine", "none"] = "harmonic"
    overtones: int = Field(8, ge=0)

    @property
    def sine_rate(self) -> float:
        """Of the single sine, Hz."""
        return self.sample_rate / math.prod(self.rates[SINE_STAGE + 1 :])


def initial_phases(ends: Tensor) -> Tensor:
    """Where the phase of each frame begins, wrapped after every frame.

    The sum over frames stays within a cycle, so that an hour's phase is as exact as a second's.

    Args:
        ends: (B, N), cycles that each frame adds.

    Returns:
        (B, N), cycles.
    """
    wrapped = torch.fmod(ends + 0.5, 1.0) - 0.5
    return functional.pad(wrapped.cumsum(dim=1).fmod(1.0)[:, :-1], (1, 0))


def accumulated_phase(cycles: Tensor, before: Tensor) -> Tensor:
    """Join the phases of frames that each begin at 0.

    Args:
        cycles: (B, N, R) behind the 1st … R-th value of each frame.
        before: (B, N), see `initial_phases`.

    Returns:
        (B, R * N), cycles.
    """
    return (cycles + before.unsqueeze(-1)).flatten(1)


class HarmonicSource(nn.Module):
    """Sines at multiples of F0 where voiced, noise everywhere, mixed to one channel.

    Args:
        sample_rate: of the result, Hz.
        hop_length: samples to a value of F0.
        overtones: sines beside the fundamental.
    """

    phases: Tensor
    noise: Tensor

    def __init__(self, sample_rate: int, hop_length: int, overtones: int) -> None:
        super().__init__()
        self.sample_rate, self.hop_length, self.sines = sample_rate, hop_length, overtones + 1
        self.mix = nn.Linear(self.sines, 1)
        generator = torch.Generator("cpu").manual_seed(0)
        phases = torch.rand(1, 1, self.sines, generator=generator, device="cpu")
        phases[..., 0] = 0
        noise = torch.randn(NOISE_SAMPLES, self.sines, generator=generator, device="cpu")
        self.register_buffer("phases", phases, persistent=False)
        self.register_buffer("noise", noise, persistent=False)

    def frame_phases(self, f0: Tensor) -> Tensor:
        """Where each frame's phase of the fundamental begins: (B, N), Hz → (B, N), cycles."""
        return initial_phases(f0.float() / self.sample_rate * self.hop_length)

    def window(self, f0: Tensor, frame_phases: Tensor, first: int, last: int) -> Tensor:
        """What `forward` gives of the frames from `first` to `last` in evaluation mode.

        Args:
            f0: (B, N), Hz, of the whole.
            frame_phases: of it.
            first, last: frames, the second exclusive.
        """
        start, end = first * self.hop_length, last * self.hop_length
        noise = self._noise(len(f0), start, end)
        return self._mixed(f0[:, first:last], frame_phases[:, first:last], self.phases, noise)

    def forward(self, f0: Tensor, initial_phase: Tensor | None = None, noise: Tensor | None = None) -> Tensor:
        """Make the source signal.

        Args:
            f0: (B, N), Hz, 0 where unvoiced.
            initial_phase: of each sine, cycles, broadcast to (B, T, sines); None for fixed ones, and for
                random ones in training.
            noise: (B, T, sines) of deviation 1; None likewise.

        Returns:
            (B, 1, hop_length * N) in [-1, 1].
        """
        phase = self._phases() if initial_phase is None else initial_phase
        drawn = self._noise(len(f0), 0, f0.shape[1] * self.hop_length) if noise is None else noise
        return self._mixed(f0, self.frame_phases(f0), phase, drawn)

    def _mixed(self, f0: Tensor, frame_phases: Tensor, initial_phase: Tensor, noise: Tensor) -> Tensor:
        """(B, 1, T)."""
        sines = self._sines(f0.float(), frame_phases, initial_phase)
        voiced = (f0 > 0).float().repeat_interleave(self.hop_length, dim=1).unsqueeze(-1)
        level = torch.where(voiced > 0, VOICED_NOISE, SINE_AMPLITUDE / 3)
        return torch.tanh(self.mix(sines * voiced + level * noise)).mT

    def _sines(self, f0: Tensor, frame_phases: Tensor, initial_phase: Tensor) -> Tensor:
        """(B, T, sines)."""
        steps = torch.arange(1, self.hop_length + 1, device=f0.device)
        cycles = accumulated_phase(f0.unsqueeze(-1) / self.sample_rate * steps, frame_phases).unsqueeze(-1)
        multiples = torch.arange(1, self.sines + 1, device=f0.device)
        return SINE_AMPLITUDE * torch.sin(2 * math.pi * (cycles * multiples + initial_phase))

    def _phases(self) -> Tensor:
        if not self.training:
            return self.phases
        drawn = torch.rand_like(self.phases)
        drawn[..., 0] = 0
        return drawn

    def _noise(self, batch: int, start: int, end: int) -> Tensor:
        device = self.noise.device
        if self.training:
            return torch.randn(batch, end - start, self.sines, device=device)
        return self.noise[torch.arange(start, end, device=device) % NOISE_SAMPLES].expand(batch, -1, -1)


def sine_windows(f0: Tensor, source_rate: float, values: int) -> SourceWindow:
    """`sine_source` by windows."""
    speed = f0.float() / source_rate
    change = functional.pad(speed[:, 1:] - speed[:, :-1], (0, 1))
    ends = speed * values + 0.5 * change * values * (values - 1) / values
    before = initial_phases(ends)
    steps = torch.arange(1, values + 1, device=f0.device)

    def window(first: int, last: int) -> Tensor:
        own, step = speed[:, first:last, None], change[:, first:last, None]
        cycles = own * steps + 0.5 * step * steps * (steps - 1) / values
        return torch.sin(2 * math.pi * accumulated_phase(cycles, before[:, first:last])).unsqueeze(1)

    return window


def sine_source(f0: Tensor, source_rate: float, values: int) -> Tensor:
    """A sine at F0, which changes linearly from one frame's value to the next.

    Unvoiced frames need an interpolated F0: where it is 0 the sine stands still.

    Args:
        f0: (B, N), Hz.
        source_rate: of the result, Hz.
        values: of the result to a frame.

    Returns:
        (B, 1, values * N).
    """
    whole = sine_windows(f0, source_rate, values)(0, f0.shape[1])
    assert whole is not None
    return whole


class NSFHiFiGANGenerator(VocoderGenerator):
    """Mel spectrogram and source signal to waveform.

    Args:
        sizes: see `NSFHiFiGANSizes`.
    """

    def __init__(self, sizes: NSFHiFiGANSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.generator = HiFiGANGenerator(sizes)
        self.hop_length, self.context = sizes.hop_length, self.generator.context
        self.needs_f0, self.continuous_f0 = sizes.source != "none", sizes.source == "sine"
        self.source_rate = 0
        if sizes.source == "harmonic":
            self.source_rate = sizes.hop_length
            self.source = HarmonicSource(sizes.sample_rate, sizes.hop_length, sizes.overtones)
            self.source_convs = nn.ModuleList(_source_convs(sizes))
        elif sizes.source == "sine":
            self.source_rate = math.prod(sizes.rates[: SINE_STAGE + 1])
            self.source_conv = nn.Conv1d(1, sizes.initial_channels >> (SINE_STAGE + 1), 1)

    def source_signal(self, mel: Tensor, f0: Tensor | None = None) -> Tensor | None:
        """(B, 1, source_rate * N) of F0 (B, N), Hz; None for a network without source."""
        if not self.needs_f0:
            return None
        if f0 is None:
            raise ValueError("this network needs f0")
        if self.sizes.source == "harmonic":
            signal: Tensor = self.source(f0)
            return signal
        return sine_source(f0, self.sizes.sine_rate, self.source_rate)

    def source_windows(self, mel: Tensor, f0: Tensor | None = None) -> SourceWindow:
        """`source_signal` by windows."""
        if f0 is None or not self.needs_f0:
            return super().source_windows(mel, f0)
        if self.sizes.source == "sine":
            return sine_windows(f0, self.sizes.sine_rate, self.source_rate)
        phases = self.source.frame_phases(f0)
        return lambda first, last: self.source.window(f0, phases, first, last)

    def forward(self, mel: Tensor, source: Tensor | None = None) -> Tensor:
        """mel (B, in_channels, N), source (B, 1, source_rate * N) → (B, 1, hop_length * N) in [-1, 1]."""
        wav: Tensor = self.generator(mel, additions=self._additions(source))
        return wav

    def _additions(self, source: Tensor | None) -> Sequence[Tensor | None]:
        if source is None:
            return ()
        if self.sizes.source == "sine":
            return (*[None] * SINE_STAGE, self.source_conv(source))
        return [conv(source) for conv in self.source_convs]


def _source_convs(sizes: NSFHiFiGANSizes) -> list[nn.Module]:
    """For each stage one that brings the source to its rate."""
    convs: list[nn.Module] = []
    for stage in range(1, len(sizes.rates) + 1):
        stride = math.prod(sizes.rates[stage:])
        channels = sizes.initial_channels >> stage
        kernel_size, padding = (2 * stride, stride // 2) if stride > 1 else (1, 0)
        convs.append(nn.Conv1d(1, channels, kernel_size, stride, padding))
    return convs
