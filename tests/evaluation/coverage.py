"""How often the intervals of a report hold the truth, simulated: `python -m tests.evaluation.coverage`.

Slow (minutes), and no part of the suite; `test_estimate.py` asks for a few of these numbers with few trials.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from hiervox.evaluation.comparison import paired_test
from hiervox.evaluation.estimate import CONFIDENCE, Estimate, mean_estimate, ratio_estimate

Values = NDArray[np.float64]
WORDS = 10
"""Of each sentence of the error rates."""
ERRORS = (0.5, 4.0)
"""Of the beta distribution that sentences' probabilities of an error have: most sentences have none."""
TWO_SIDED = 0.05


@dataclass(frozen=True)
class Design:
    """Rows of a table.

    Attributes:
        speakers: how many; each has another mean where there are several rows of each.
        each: rows of one.
    """

    speakers: int
    each: int = 1

    def __str__(self) -> str:
        return f"{self.speakers} rows" if self.each == 1 else f"{self.speakers} speakers × {self.each}"

    @property
    def names(self) -> list[str]:
        """Of the rows."""
        return [f"speaker {number // self.each}" for number in range(self.speakers * self.each)]


DESIGNS = (Design(6), Design(10), Design(20), Design(5, 10), Design(12, 5))


def normal(rng: np.random.Generator, design: Design) -> Estimate | None:
    """A mean whose truth is 0, of rows and speakers with deviations of 1."""
    speakers = rng.normal(0, 1 if design.each > 1 else 0, design.speakers)
    values = np.repeat(speakers, design.each) + rng.normal(0, 1, design.speakers * design.each)
    return mean_estimate(list(values), design.names)


def skewed(rng: np.random.Generator, design: Design) -> Estimate | None:
    """A mean whose truth is 0, of exponentially distributed rows and speakers."""
    speakers = rng.exponential(1, design.speakers) - 1 if design.each > 1 else np.zeros(design.speakers)
    values = np.repeat(speakers, design.each) + rng.exponential(1, design.speakers * design.each) - 1
    return mean_estimate(list(values), design.names)


def error_rate(rng: np.random.Generator, design: Design) -> Estimate | None:
    """A ratio of sums whose truth is 0: an error rate less its expectation, most sentences without errors."""
    first, second = ERRORS
    if design.each > 1:  # speakers differ, and the sentences of one are alike
        chances = np.repeat(rng.beta(first, second, design.speakers), design.each)
    else:
        chances = rng.beta(first, second, design.speakers)
    expected = WORDS * first / (first + second)
    errors: Values = rng.binomial(WORDS, chances) - expected
    return ratio_estimate(list(errors), [WORDS] * len(errors), design.names)


FIGURES: dict[str, Callable[[np.random.Generator, Design], Estimate | None]] = {
    "normal": normal,
    "skewed": skewed,
    "error rate": error_rate,
}


def covered(figure: str, design: Design, trials: int = 150) -> float:
    """The share of intervals of a simulated figure that hold its truth; one that is missing does not."""
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(trials):
        estimate = FIGURES[figure](rng, design)
        if estimate is not None and estimate.low is not None and estimate.high is not None:
            hits += estimate.low <= 0 <= estimate.high
    return hits / trials


def rejected(rows: int, trials: int) -> float:
    """The share of tests at 0.05 that tell two systems of one skewed distribution from each other."""
    rng = np.random.default_rng(4)
    ones = np.ones(rows)
    found = [
        paired_test(*(np.stack([rng.exponential(1, rows), ones], axis=1) for _ in range(2)))
        for _ in range(trials)
    ]
    return float(np.mean(np.array(found) < TWO_SIDED))


def table(designs: Sequence[Design], trials: int) -> list[str]:
    """Coverage as Markdown, a line a design."""
    lines = ["| | " + " | ".join(FIGURES) + " |", "|---|" + "---|" * len(FIGURES)]
    for design in designs:
        shares = [f"{covered(figure, design, trials):.3f}" for figure in FIGURES]
        lines.append(f"| {design} | " + " | ".join(shares) + " |")
    return lines


def main(trials: Annotated[int, typer.Option(min=1, help="Simulated tables of each kind.")] = 1000) -> None:
    """Print how often the intervals hold the truth, and how often the test finds what is not there."""
    typer.echo(f"Coverage of {CONFIDENCE:.0%} intervals, {trials} tables each:\n")
    for line in table(DESIGNS, trials):
        typer.echo(line)
    for rows in (10, 20):
        share = rejected(rows, trials)
        typer.echo(f"False positives, two systems of one skewed distribution, {rows} rows: {share:.3f}")


if __name__ == "__main__":
    typer.run(main)
