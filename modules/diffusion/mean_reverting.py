"""Diffusion that drifts to a prior instead of to zero, and DiffVC's sampler (arXiv 2109.13821).

A sample x0 drifts to its prior m while noise comes in, over a time t from 0 to 1::

    dx = β(t) / 2 · (m - x) dt + √β(t) dw,    β(t) = β0 + (β1 - β0) t

so that x_t given x0 is Gaussian with mean γ x0 + (1 - γ) m and variance 1 - γ², where γ(s, t) is what is left
at time t of what there was at time s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

import torch
from pydantic import PositiveFloat
from torch import Tensor

from hiervox.modules.diffusion.trajectory import last_state
from hiervox.modules.losses.counts import real_count
from hiervox.utils.schema import Sizes

EARLIEST_TIME = 1e-5
"""Times of training keep so far from 0 and from 1, as in DiffVC."""
Solver = Literal["ml", "em"]
"""How the reverse equation is solved: by maximum likelihood (section 4), or by Euler-Maruyama."""


class Step(NamedTuple):
    """One step back in time: x becomes x + drift · (x - m) + score · s(x) - deviation · z.

    Attributes:
        drift, score, deviation: factors of the distance from the prior, of the score, and of Gaussian noise.
    """

    drift: float
    score: float
    deviation: float


class NoiseRates(Sizes):
    """β of the diffusion, which rises linearly; the defaults are DiffVC's.

    Attributes:
        first, last: β at time 0 and at time 1.
    """

    first: PositiveFloat = 0.05
    last: PositiveFloat = 20.0


class MeanRevertingDiffusion:
    """The forward process, its posterior, and sampling back from the prior.

    Tensors have any shape (..., C, N); priors and masks are broadcast to them.

    Args:
        rates: β.
    """

    def __init__(self, rates: NoiseRates) -> None:
        self.rates = rates

    def remaining(self, time: Tensor) -> Tensor:
        """γ(0, t) of times (B,), as (B, 1, 1)."""
        first, last = self.rates.first, self.rates.last
        integral = (first + 0.5 * (last - first) * time) * time
        return torch.exp(-0.5 * integral)[:, None, None]

    def deviation(self, time: Tensor) -> Tensor:
        """Standard deviation of x_t, √(1 - γ(0, t)²), of times (B,), as (B, 1, 1)."""
        return (1 - self.remaining(time).square()).sqrt()

    def draw_times(self, batch: int, device: torch.device) -> Tensor:
        """Uniform times (B,) for training."""
        return torch.rand(batch, device=device).clamp(EARLIEST_TIME, 1 - EARLIEST_TIME)

    def diffused(self, clean: Tensor, prior: Tensor, time: Tensor, noise: Tensor, mask: Tensor) -> Tensor:
        """x_t.

        Args:
            clean, noise: (B, C, N).
            prior: (..., B, C, N).
            time: (B,).
            mask: (B, 1, N).

        Returns:
            (..., B, C, N), masked.
        """
        share = self.remaining(time)
        return (share * clean + (1 - share) * prior + self.deviation(time) * noise) * mask

    def last_mean(self, clean: Tensor, prior: Tensor) -> Tensor:
        """Mean of x at time 1, where sampling starts; tensors as for `diffused`."""
        share = self._kept(0, 1)
        return share * clean + (1 - share) * prior

    def step(self, start: float, end: float, solver: Solver = "ml") -> Step:
        """The factors of a step from time `end` back to time `start`."""
        interval = end - start
        rate = self.rates.first + (self.rates.last - self.rates.first) * end
        if solver == "em":
            return Step(0.5 * rate * interval, rate * interval, math.sqrt(rate * interval))
        before, after, between = self._kept(0, start), self._kept(0, end), self._kept(start, end)
        # the mean of x_s given x_t and the score's estimate of x0, and the variance of x_s given x_t and x0
        noise_between, noise_after = 1 - between**2, 1 - after**2
        weight_of_current = between * (1 - before**2) / noise_after
        weight_of_clean = before * noise_between / noise_after
        return Step(
            drift=weight_of_clean / after + weight_of_current - 1,
            score=before * noise_between / after,
            deviation=math.sqrt(max(0.0, (1 - before**2) * noise_between / noise_after)),
        )

    @torch.no_grad()
    def sample(
        self,
        score: Callable[[Tensor, Tensor], Tensor],
        start: Tensor,
        prior: Tensor,
        mask: Tensor,
        noises: Iterable[Tensor],
        steps: int,
        solver: Solver = "ml",
    ) -> Tensor:
        """From time 1 back to 0 in even steps.

        Args:
            score: x_t (..., B, C, N) and times (B,) to the score, or what is broadcast to it.
            start: (..., B, C, N), x at time 1.
            prior: as `start`.
            mask: (B, 1, N).
            noises: (B, C, N) or as `start`, one a step.
            steps: of the solver.

        Returns:
            (..., B, C, N), masked.
        """
        return last_state(
            "diffusion", self._states(score, start * mask, prior, mask, iter(noises), steps, solver)
        )

    def _states(
        self,
        score: Callable[[Tensor, Tensor], Tensor],
        x: Tensor,
        prior: Tensor,
        mask: Tensor,
        drawn: Iterator[Tensor],
        steps: int,
        solver: Solver,
    ) -> Iterator[Tensor]:
        """x at each time, see `sample`."""
        yield x
        for number in range(steps, 0, -1):
            factors = self.step((number - 1) / steps, number / steps, solver)
            time = torch.full((len(mask),), number / steps, dtype=x.dtype, device=x.device)
            moved = x + factors.drift * (x - prior) + factors.score * score(x, time)
            x = (moved - factors.deviation * next(drawn)) * mask
            yield x

    def _kept(self, start: float, end: float) -> float:
        """γ(s, t)."""
        first, last = self.rates.first, self.rates.last
        return math.exp(-0.5 * (end - start) * (first + 0.5 * (last - first) * (start + end)))


def score_loss(score: Tensor, noise: Tensor, deviation: Tensor, mask: Tensor) -> Tensor:
    """Squared error of a score as an estimate of -noise / deviation, a mean over what is inside the mask.

    Args:
        score, noise: (B, C, N), the noise masked.
        deviation: (B, 1, 1), of the noise in x_t.
        mask: (B, 1, N).
    """
    error = (deviation * score + noise).square().sum()
    return error / (real_count(mask) * score.shape[1])
