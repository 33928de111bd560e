"""Gaussian diffusion of waveforms: adding noise, and taking it out step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


class NoiseSchedule:
    """Variances of the noise that each step adds (Ho et al., arXiv 2006.11239, section 2).

    Args:
        betas: one for each step, in (0, 1).

    Attributes:
        betas: as given, (steps,) in double precision, as are the next two.
        alphas: 1 - betas.
        signal_levels: what is left of the signal's power after each step, ᾱ.
    """

    def __init__(self, betas: Sequence[float]) -> None:
        self.betas = torch.tensor(betas, dtype=torch.double, device="cpu")
        self.alphas = 1 - self.betas
        self.signal_levels = self.alphas.cumprod(dim=0)

    def __len__(self) -> int:
        return len(self.betas)

    @classmethod
    def linear(cls, first: float, last: float, steps: int) -> NoiseSchedule:
        """Variances at equal distances."""
        return cls(torch.linspace(first, last, steps, dtype=torch.double, device="cpu").tolist())

    def aligned_steps(self, fast: NoiseSchedule) -> list[float]:
        """Where the steps of a shorter schedule stand among these (DiffWave, arXiv 2009.09761, appendix B).

        The square roots of ᾱ are interpolated; a level beyond the ends takes the first or the last step.
        """
        own, wanted = self.signal_levels.sqrt(), fast.signal_levels.sqrt()
        steps = []
        for level in wanted:
            later = int((own >= level).sum())  # the first step whose level is below
            if later == 0 or later == len(own):
                steps.append(float(max(0, later - 1)))
                continue
            share = (own[later - 1] - level) / (own[later - 1] - own[later])
            steps.append(later - 1 + float(share))
        return steps


def add_noise(clean: Tensor, level: Tensor, noise: Tensor) -> Tensor:
    """√ᾱ · clean + √(1 - ᾱ) · noise.

    Args:
        clean, noise: (B, T).
        level: √ᾱ, (B, 1).
    """
    return level * clean + (1 - level.square()).sqrt() * noise


def sample(
    predict: Callable[[Tensor, int], Tensor], start: Tensor, noises: Tensor, schedule: NoiseSchedule
) -> Tensor:
    """Take the noise out (Ho et al., algorithm 2), clipping to ±1 after every step.

    Args:
        predict: a noisy waveform (B, T) and the number of a step to the noise in it (B, T).
        start: (B, T), pure noise.
        noises: (steps - 1, B, T), added again after each step but the last, in the order of use.
        schedule: its steps are gone through from the last to the first.

    Returns:
        (B, T) in [-1, 1].
    """
    wav = start
    for step in range(len(schedule) - 1, -1, -1):
        alpha, beta, level = (float(values[step]) for values in _of(schedule))
        wav = (wav - beta / (1 - level) ** 0.5 * predict(wav, step)) / alpha**0.5
        if step > 0:
            before = float(schedule.signal_levels[step - 1])
            deviation = ((1 - before) / (1 - level) * beta) ** 0.5
            wav = wav + deviation * noises[len(schedule) - 1 - step]
        wav = wav.clamp(-1, 1)
    return wav


def _of(schedule: NoiseSchedule) -> tuple[Tensor, Tensor, Tensor]:
    return schedule.alphas, schedule.betas, schedule.signal_levels
