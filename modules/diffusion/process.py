"""Gaussian diffusion of waveforms: adding noise, and taking it out step by step."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from hiervox.modules.diffusion.trajectory import last_state
from hiervox.modules.generators.vocoder import FixedNoise, NoiseDrivenGenerator

Betas = tuple[Annotated[float, Field(gt=0, lt=1)], ...]
"""A noise schedule in a config."""


class NoiseSchedule:
    """Variances of the noise that each step adds (Ho et al., arXiv 2006.11239, section 2).

    Args:
        betas: one for each step, in (0, 1).
        dtype: what the values are computed in. In single precision, as in published code, 1 - ᾱ of the first
            steps is off by several per cent.

    Attributes:
        betas: as given, (steps,) in double precision, as are the next two.
        alphas: 1 - betas.
        signal_levels: what is left of the signal's power after each step, ᾱ.
    """

    def __init__(self, betas: Sequence[float], dtype: torch.dtype = torch.double) -> None:
        computed = torch.tensor(betas, dtype=dtype, device="cpu")
        self.betas = computed.double()
        self.alphas = (1 - computed).double()
        self.signal_levels = (1 - computed).cumprod(dim=0).double()

    def __len__(self) -> int:
        return len(self.betas)

    @classmethod
    def linear(cls, first: float, last: float, steps: int) -> NoiseSchedule:
        """Variances at equal distances."""
        return cls(torch.linspace(first, last, steps, dtype=torch.double, device="cpu").tolist())

    @classmethod
    def scaled_linear(cls, first: float, last: float, steps: int) -> NoiseSchedule:
        """Variances whose square roots are at equal distances (arXiv 2112.10752, published code)."""
        roots = torch.linspace(first**0.5, last**0.5, steps, dtype=torch.double, device="cpu")
        return cls(roots.square().tolist())

    def respaced(self, steps: int) -> NoiseSchedule:
        """A shorter schedule that ends at the same noise: every so many of these steps in one.

        Args:
            steps: 1 to as many as these; they stand as evenly among these as whole numbers can.
        """
        last = torch.linspace(0, len(self), steps + 1, dtype=torch.double).round().long()[1:] - 1
        levels = self.signal_levels[last]
        before = torch.cat([levels.new_ones(1), levels[:-1]])
        return NoiseSchedule((1 - levels / before).tolist())

    def at(self, steps: Sequence[float]) -> NoiseSchedule:
        """A shorter schedule, whose steps end where these numbers of steps would be done.

        Args:
            steps: rising, over 0; between whole numbers, log ᾱ is interpolated.
        """
        places = torch.tensor(steps, dtype=torch.double)
        logs = torch.cat([self.signal_levels.new_zeros(1), self.signal_levels.log()])
        below = places.floor().long().clamp(max=len(self) - 1)
        return NoiseSchedule.of_levels(
            torch.lerp(logs[below], logs[below + 1], places - below).exp().tolist()
        )

    @classmethod
    def of_levels(cls, levels: Sequence[float]) -> NoiseSchedule:
        """The schedule that leaves these shares of the signal's power after its steps, ᾱ, falling."""
        return cls([1 - after / before for before, after in zip([1.0, *levels[:-1]], levels, strict=True)])

    @property
    def posterior_variances(self) -> Tensor:
        """Of the noise that each step of sampling adds again, (steps,); 0 for number 0."""
        before = torch.cat([self.signal_levels.new_ones(1), self.signal_levels[:-1]])
        return (1 - before) / (1 - self.signal_levels) * self.betas

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


Clip = Literal["wav", "estimate", "none"]
"""What sampling clips to ±1 at every step: the noisy waveform, or the estimate of the clean one in it."""


def denoised(wav: Tensor, noise: Tensor, level: float) -> Tensor:
    """The clean waveform that is left when the noise is taken out at once (Ho et al., equation 15).

    Args:
        wav, noise: (B, T).
        level: ᾱ.
    """
    return (wav - (1 - level) ** 0.5 * noise) / level**0.5


def posterior_mean(
    wav: Tensor, noise: Tensor, schedule: NoiseSchedule, step: int, clip: Clip = "none"
) -> Tensor:
    """Mean of the waveform before a step, given that after it (Ho et al., equations 7 and 11).

    Args:
        wav, noise: (B, T).
        schedule: of the steps.
        step: its number.
        clip: `estimate` clips the clean waveform that is assumed.
    """
    alpha, beta, level = (float(values[step]) for values in _of(schedule))
    if clip != "estimate":
        return (wav - beta / (1 - level) ** 0.5 * noise) / alpha**0.5
    clean = denoised(wav, noise, level).clamp(-1, 1)
    before = level / alpha
    return (before**0.5 * beta * clean + alpha**0.5 * (1 - before) * wav) / (1 - level)


def sample(
    predict: Callable[[Tensor, int], Tensor],
    start: Tensor,
    noises: Iterable[Tensor],
    schedule: NoiseSchedule,
    clip: Clip = "wav",
) -> Tensor:
    """Take the noise out (Ho et al., algorithm 2).

    Args:
        predict: a noisy waveform (B, T) and the number of a step to the noise in it (B, T).
        start: (B, T), pure noise.
        noises: (B, T) each, added again after every step but the last, in the order of use.
        schedule: its steps are gone through from the last to the first.
        clip: see `Clip`; the vocoders' published code clips the waveform, WaveGrad 2's the estimate.

    Returns:
        (B, T) in [-1, 1].
    """
    return last_state("diffusion", _states(predict, start, iter(noises), schedule, clip)).clamp(-1, 1)


def _states(
    predict: Callable[[Tensor, int], Tensor],
    wav: Tensor,
    added: Iterator[Tensor],
    schedule: NoiseSchedule,
    clip: Clip,
) -> Iterator[Tensor]:
    """The waveform before and after each step, see `sample`."""
    yield wav
    deviations = schedule.posterior_variances.sqrt().tolist()
    for step in range(len(schedule) - 1, -1, -1):
        wav = posterior_mean(wav, predict(wav, step), schedule, step, clip)
        if step > 0:
            wav = wav + deviations[step] * next(added)
        if clip == "wav":
            wav = wav.clamp(-1, 1)
        yield wav


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


class DiffusionGenerator(NoiseDrivenGenerator):
    """Base of networks that tell the noise in a waveform, and generate by taking it out.

    Args:
        schedule: of training.
        sampling_schedule: of inference.

    Attributes:
        codes: what the network is told at each step of inference.
    """

    def __init__(self, schedule: NoiseSchedule, sampling_schedule: NoiseSchedule) -> None:
        super().__init__()
        self.schedule, self.sampling_schedule = schedule, sampling_schedule
        self.codes = self.codes_of(sampling_schedule)
        self.noise = FixedNoise(len(sampling_schedule))

    @abstractmethod
    def draw_levels(self, batch: int, device: torch.device) -> NoiseLevels:
        """Random noise levels for training."""

    @abstractmethod
    def codes_of(self, schedule: NoiseSchedule) -> list[float]:
        """What the network is told at each step of a schedule."""

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
        start, *noises = source.unbind(dim=1)
        return self.generate(mel, self.sampling_schedule, self.codes, [start, *noises]).unsqueeze(1)

    @torch.no_grad()
    def generate(
        self, mel: Tensor, schedule: NoiseSchedule, codes: Sequence[float], noises: Iterable[Tensor]
    ) -> Tensor:
        """Take the noise out in the steps of any schedule.

        Args:
            mel: (B, M, N).
            schedule: of the steps.
            codes: `codes_of` it.
            noises: (B, hop_length * N) each: the start, and what is added again after every step but the
                last.

        Returns:
            (B, hop_length * N) in [-1, 1].
        """
        condition = self.condition(mel)

        def predict(noisy: Tensor, step: int) -> Tensor:
            code = torch.full((len(noisy),), codes[step], device=noisy.device)
            return self.predict(noisy, code, condition)

        drawn = iter(noises)
        return sample(predict, next(drawn), drawn, schedule)
