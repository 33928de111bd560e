"""What drives a source-filter generator: a train of glottal pulses with the given F0, and noise."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

LOWEST_F0 = 40.0
"""Hz; a predicted log-F0 below is unvoiced. Predictions of unvoiced frames are near 0, not at it."""
NOISE_SAMPLES = 65_521
"""Of the noise before it repeats, a prime: the repetition never falls on the same place of a frame."""


class HarmonicExcitation(nn.Module):
    """Harmonics of one amplitude and running phase up to the Nyquist frequency, and fixed white noise.

    Both have a deviation near 1. Noise is drawn once, so that the same F0 always gives the same excitation.

    Args:
        sample_rate: of the result, Hz.
        hop_length: samples to a value of F0.
    """

    noise: Tensor

    def __init__(self, sample_rate: int, hop_length: int) -> None:
        super().__init__()
        self.sample_rate, self.hop_length = sample_rate, hop_length
        generator = torch.Generator("cpu").manual_seed(0)
        noise = torch.randn(NOISE_SAMPLES, generator=generator, device="cpu")
        self.register_buffer("noise", noise, persistent=False)

    @torch.no_grad()
    def forward(self, log_f0: Tensor) -> tuple[Tensor, Tensor]:
        """Pulses and noise.

        In training each item starts at a random phase and a random place of the noise, as if it were cut out
        of a longer one.

        Args:
            log_f0: (B, 1, F), log(Hz + 1).

        Returns:
            pulses, silent where there is no voice, and noise, (B, hop_length * F) each.
        """
        f0 = log_f0.squeeze(1).float().expm1()
        f0 = torch.where(f0 < LOWEST_F0, torch.zeros_like(f0), f0)
        samples = self._to_samples(f0)
        voiced = samples > 0
        phase = torch.cumsum(samples.double() / self.sample_rate, dim=1)
        starts = torch.zeros(len(f0), 1, dtype=torch.long, device=f0.device)
        if self.training:
            phase = phase + torch.rand(len(f0), 1, dtype=phase.dtype, device=f0.device)
            starts = torch.randint(NOISE_SAMPLES, starts.shape, device=f0.device)
        places = (starts + torch.arange(samples.shape[1], device=f0.device)) % NOISE_SAMPLES
        return _pulses(phase.frac().float(), samples, self.sample_rate) * voiced, self.noise[places]

    def _to_samples(self, f0: Tensor) -> Tensor:
        """(B, F) → (B, hop_length * F): linear between voiced values, held at the ends of voiced parts."""
        hop = self.hop_length
        held = f0.repeat_interleave(hop, dim=1)
        voiced = held > 0
        before = functional.pad(f0[:, :-1], (1, 0)).repeat_interleave(hop, dim=1)
        after = functional.pad(f0[:, 1:], (0, 1)).repeat_interleave(hop, dim=1)
        place = (torch.arange(held.shape[1], device=f0.device) % hop + 0.5) / hop - 0.5
        other = torch.where(place < 0, before, after)
        other = torch.where(other > 0, other, held)
        return torch.where(voiced, held + place.abs() * (other - held), held)


def _pulses(phase: Tensor, f0: Tensor, sample_rate: int) -> Tensor:
    """The sum of all harmonics' cosines in closed form (Dirichlet kernel), scaled to a deviation of 1.

    Args:
        phase: (B, T) of the fundamental, in periods.
        f0: (B, T), Hz.
    """
    harmonics = (0.5 * sample_rate / f0.clamp(min=LOWEST_F0)).floor().clamp(min=1)
    half = math.pi * (phase - phase.round())
    sine = half.sin()
    near = sine.abs() < 1e-4
    ratio = ((2 * harmonics + 1) * half).sin() / torch.where(near, torch.ones_like(sine), sine)
    kernel = torch.where(near, 2 * harmonics + 1, ratio)
    return (kernel - 1) * torch.rsqrt(2 * harmonics)
