"""A search for the best noise schedule of few steps (WaveGrad, arXiv 2009.00713, section 4.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from hiervox.modules.diffusion.process import NoiseSchedule

POWERS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)
"""Of the spacings that are tried first; 1 is even."""
WIDEST, NARROWEST = 0.5, 0.05
"""Standard deviation of a change, in nepers of a step's number: of the first tries and of the last."""


@dataclass(frozen=True)
class FoundSchedule:
    """What a search found.

    Attributes:
        schedule: the best one.
        score: its.
        even_score: of the training schedule respaced evenly.
    """

    schedule: NoiseSchedule
    score: float
    even_score: float


def search_schedule(
    score: Callable[[NoiseSchedule], float],
    training: NoiseSchedule,
    steps: int,
    tries: int,
    generator: torch.Generator,
) -> FoundSchedule:
    """Look for the noise levels of a short schedule that score lowest.

    The paper's grid takes nine values for each exponent of a beta, and its schedules end short of noise. Here
    every candidate ends at the noise of training: power-law spacings of the training steps come first, then
    random changes of the best so far, ever smaller.

    Args:
        score: of a schedule, lower is better; the same for the same one.
        training: the schedule of training.
        steps: of the short one.
        tries: how many are scored.
        generator: of the changes, on the CPU.
    """
    best, lowest, even = None, float("inf"), float("inf")
    for number, places in enumerate(_starts(len(training), steps)):
        if number == tries:
            break
        found = score(training.at(places.tolist()))
        even = found if number == 0 else even
        if best is None or found < lowest:
            best, lowest = places, found
    assert best is not None
    changes = tries - len(POWERS) if steps > 1 else 0
    for number in range(changes):
        width = WIDEST * (NARROWEST / WIDEST) ** (number / max(1, changes - 1))
        places = _changed(best, width, generator)
        found = score(training.at(places.tolist()))
        if found < lowest:
            best, lowest = places, found
    return FoundSchedule(training.at(best.tolist()), lowest, even)


def _starts(total: int, steps: int) -> Iterator[Tensor]:
    """Numbers of training steps, counted from 1, at which a short schedule's steps end."""
    shares = torch.arange(1, steps + 1, dtype=torch.double) / steps
    for power in POWERS:
        yield total * shares**power


def _changed(places: Tensor, width: float, generator: torch.Generator) -> Tensor:
    """All but the last step moved at random; in order, and apart."""
    inner = places[:-1] * torch.exp(width * torch.randn(len(places) - 1, generator=generator).double())
    last = float(places[-1])
    moved = inner.clamp(min=0.5, max=0.99 * last).sort().values
    apart = torch.linspace(0, 1e-3 * last, len(moved), dtype=torch.double)
    return torch.cat([(moved + apart).clamp(max=0.999 * last), places[-1:]])
