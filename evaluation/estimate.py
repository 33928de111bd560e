"""A figure over many utterances with its bootstrap confidence interval.

Utterances of one speaker are no independent draws. Where rows name speakers, speakers are drawn first, then
the utterances of each (the two-stage bootstrap of Davison and Hinkley 1997, section 3.8). Intervals are
bias-corrected and accelerated (BCa, Efron 1987), which follows skewed figures such as error rates, with
percentiles further out the fewer units are drawn (as the expanded percentile interval of Hesterberg 2015).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
CONFIDENCE = 0.95
BOOTSTRAP_SEED = 0
SLOWEST = 0.1
"""Least divisor of BCa's formula, which has a pole where few units are very skewed."""
MOST_KEPT = 10_000
"""Utterances of a set whose draws are kept: 160 MB of positions."""
FEW_UTTERANCES, FEW_SPEAKERS = 20, 5
"""With fewer a report warns that its intervals say little."""

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Estimate:
    """A figure.

    Attributes:
        value: the figure over all utterances.
        low, high: the 95 % bootstrap interval; None for a single utterance or speaker, and for figures of a
            set that have none.
        count: how many utterances had a value.
        speakers: how many speakers were drawn from; 0 where utterances were.
    """

    value: float
    low: float | None
    high: float | None
    count: int
    speakers: int = 0


def ratio_estimate(
    numerators: Sequence[float], denominators: Sequence[float], speakers: Sequence[str] = ()
) -> Estimate | None:
    """Sum over sum, as a corpus-level error rate is. None without utterances.

    Args:
        numerators, denominators: (N,) of the utterances.
        speakers: (N,) who speaks each; empty where that is not known.
    """
    upper = np.asarray(numerators, dtype=np.float64)
    lower = np.asarray(denominators, dtype=np.float64)

    def ratio(drawn: Indices) -> float:
        return float(upper[drawn].sum() / lower[drawn].sum())

    return set_estimate(len(upper), ratio, speakers)


def mean_estimate(values: Sequence[float], speakers: Sequence[str] = ()) -> Estimate | None:
    """The mean; arguments as `ratio_estimate`'s. None without utterances."""
    return ratio_estimate(values, [1.0] * len(values), speakers)


def set_estimate(
    count: int, statistic: Callable[[Indices], float], speakers: Sequence[str] = ()
) -> Estimate | None:
    """A figure of a set of utterances.

    Args:
        count: number of utterances.
        statistic: the figure of the utterances with the given positions, each in 0 … count - 1 and as often
            as it is drawn; NaN where such a set has none.
        speakers: (count,) who speaks each; empty where that is not known.

    Returns:
        None where the whole set has no figure.
    """
    value = statistic(np.arange(count)) if count else float("nan")
    if not np.isfinite(value):
        return None
    groups = grouping(speakers)
    units = len(set(groups)) or count
    named = len(set(groups))
    if units == 1:
        return Estimate(value, None, None, count, named)
    found = np.array([statistic(drawn) for drawn in resamples(count, groups)])
    found = found[np.isfinite(found)]  # draws without a figure are left out
    if not found.size:
        return Estimate(value, None, None, count, named)
    shares = interval_shares(found, value, acceleration(count, statistic, groups), units)
    low, high = np.quantile(found, shares)
    return Estimate(value, float(low), float(high), count, named)


def acceleration(count: int, statistic: Callable[[Indices], float], groups: Sequence[str]) -> float:
    """How fast the deviation of a figure changes with it, by leaving out one unit after another.

    0 where a set without one of them has no figure, and over more units than resamples: there it is small.
    """
    names = np.asarray(groups) if groups else np.arange(count)
    units = list(dict.fromkeys(names.tolist()))
    if len(units) > RESAMPLES:
        return 0.0
    left = np.array([statistic(np.flatnonzero(names != unit)) for unit in units])
    away = left.mean() - left
    spread = float((away**2).sum()) ** 1.5
    return float((away**3).sum()) / (6 * spread) if np.isfinite(spread) and spread > 0 else 0.0


def interval_shares(found: NDArray[np.float64], value: float, pace: float, units: int) -> list[float]:
    """The two shares of draws between which the interval lies.

    Args:
        found: figures of the draws (R,).
        value: that of the whole set.
        pace: the acceleration.
        units: how many are drawn independently.
    """
    from scipy.stats import norm

    below = np.mean(found < value) + np.mean(found == value) / 2
    edge = 1 / len(found)
    bias = float(norm.ppf(np.clip(below, edge, 1 - edge)))
    moved = (bias + side * reach_of(units) for side in (-1, 1))
    return [float(norm.cdf(bias + each / max(1 - pace * each, SLOWEST))) for each in moved]


def grouping(speakers: Sequence[str]) -> tuple[str, ...]:
    """The speakers, where all are named and one has several utterances; else nothing: each is a unit."""
    if not speakers or not all(speakers) or len(set(speakers)) == len(speakers):
        return ()
    return tuple(speakers)


def reach_of(units: int) -> float:
    """How many deviations each end of the interval is out, with so many units drawn independently.

    At 1.96 an interval over few units is too narrow: by the factor sqrt((n - 1) / n), and as the normal
    distribution is beside Student's.
    """
    from scipy.stats import t

    return float(math.sqrt(units / (units - 1)) * t.ppf((1 + CONFIDENCE) / 2, units - 1))


def resamples(count: int, groups: tuple[str, ...]) -> Iterable[Indices]:
    """Positions of `RESAMPLES` sets: drawn from all, or from speakers drawn before.

    Those of a small set are kept for the next figure; of a large one each is gone when the next is drawn.
    """
    return _kept(count, groups) if count <= MOST_KEPT else _drawn(count, groups)


@lru_cache(maxsize=64)
def _kept(count: int, groups: tuple[str, ...]) -> tuple[Indices, ...]:
    return tuple(_drawn(count, groups))


def _drawn(count: int, groups: tuple[str, ...]) -> Iterator[Indices]:
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    if not groups:
        for _ in range(RESAMPLES):
            yield rng.integers(0, count, count)
        return
    names = np.asarray(groups)
    members = [np.flatnonzero(names == name) for name in dict.fromkeys(groups)]
    for chosen in rng.integers(0, len(members), (RESAMPLES, len(members))):
        yield np.concatenate([rng.choice(members[group], len(members[group])) for group in chosen])
