"""Gaussian diffusion of waveforms: adding noise, and taking it out step by step."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hiervox.modules.generators.vocoder import FixedNoise, VocoderGenerator


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


class NoiseLevels(NamedTuple):
    """How much noise a batch of waveforms is given in training.

    Attributes:
        signal: √ᾱ, (B,).
        code: what the network is told of it, (B,).
    """

    signal: Tensor
    code: Tensor


class DiffusionGenerator(VocoderGenerator):
    """Base of networks that tell the noise in a waveform, and generate by taking it out.

    Args:
        sampling_schedule: of inference.
        codes: what the network is told at each of its steps.
    """

    def __init__(self, sampling_schedule: NoiseSchedule, codes: Sequence[float]) -> None:
        super().__init__()
        self.sampling_schedule, self.codes = sampling_schedule, list(codes)
        self.noise = FixedNoise(len(sampling_schedule))

    @abstractmethod
    def draw_levels(self, batch: int, device: torch.device) -> NoiseLevels:
        """Random noise levels for training."""

    @abstractmethod
    def condition(self, mel: Tensor) -> Any:
        """mel (B, M, N) → what each step uses of it, computed once."""

    @abstractmethod
    def predict(self, noisy: Tensor, code: Tensor, condition: Any) -> Tensor:
        """A noisy waveform (B, T) and codes (B,) to the noise (B, T)."""

    def predict_noise(self, noisy: Tensor, code: Tensor, mel: Tensor) -> Tensor:
        """The noise in a waveform.

        Args:
            noisy: (B, hop_length * N).
            code: (B,), see `NoiseLevels`.
            mel: (B, M, N).

        Returns:
            (B, hop_length * N).
        """
        return self.predict(noisy, code, self.condition(mel))

    def source_signal(self, mel: Tensor, f0: Tensor | None = None) -> Tensor:
        """The start and the noise that sampling adds again, (B, steps, hop_length * N)."""
        like = mel[:, :1].repeat_interleave(self.hop_length, dim=2)
        noise: Tensor = self.noise(like)
        return noise

    def forward(
        self,
        mel: Tensor,
        source: Tensor | None = None,
        *,
        noisy: Tensor | None = None,
        code: Tensor | None = None,
    ) -> Tensor:
        """Generate, or, given a noisy waveform and its codes, tell the noise (`predict_noise`).

        Args:
            mel: (B, M, N).
            source: (B, steps, hop_length * N).

        Returns:
            (B, 1, hop_length * N) in [-1, 1]; or the noise (B, hop_length * N).
        """
        if noisy is not None and code is not None:
            return self.predict_noise(noisy, code, mel)
        return self._sample(mel, self.source_signal(mel) if source is None else source)

    @torch.no_grad()
    def _sample(self, mel: Tensor, source: Tensor) -> Tensor:
        condition = self.condition(mel)

        def predict(noisy: Tensor, step: int) -> Tensor:
            code = torch.full((len(noisy),), self.codes[step], device=noisy.device)
            return self.predict(noisy, code, condition)

        start, *noises = source.unbind(dim=1)
        added = torch.stack(noises) if noises else start.new_empty(0)
        return sample(predict, start, added, self.sampling_schedule).unsqueeze(1)
