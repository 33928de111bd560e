"""A figure over many utterances with its bootstrap confidence interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
CONFIDENCE = 0.95
BOOTSTRAP_SEED = 0
BATCH = 100
"""Resamples at once: memory is this times the utterances."""


@dataclass(frozen=True)
class Estimate:
    """A figure.

    Attributes:
        value: the figure over all utterances.
        low, high: the 95 % percentile-bootstrap interval over utterances; None for a single utterance, and
            for figures of a set that have none.
        count: how many utterances had a value.
    """

    value: float
    low: float | None
    high: float | None
    count: int


def ratio_estimate(numerators: Sequence[float], denominators: Sequence[float]) -> Estimate | None:
    """Sum over sum, as a corpus-level error rate is; utterances are drawn whole. None without utterances."""
    count = len(numerators)
    if count == 0:
        return None
    data = (np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64))

    def ratio(upper: NDArray[np.float64], lower: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
        found: NDArray[np.float64] = upper.sum(axis=axis) / lower.sum(axis=axis)
        return found

    value = float(ratio(*data))
    if count == 1:
        return Estimate(value, None, None, count)
    low, high = _percentiles(data, ratio, vectorized=True)
    return Estimate(value, low, high, count)


def mean_estimate(values: Sequence[float]) -> Estimate | None:
    """The mean. None without utterances."""
    return ratio_estimate(values, [1.0] * len(values))


def set_estimate(count: int, statistic: Callable[[NDArray[np.int64]], float]) -> Estimate | None:
    """A figure that only a set of utterances has.

    Args:
        count: number of utterances.
        statistic: the figure of the utterances with the given positions, each in 0 … count - 1 and as often
            as it is drawn; NaN where such a set has none.

    Returns:
        None where the whole set has no figure.
    """
    value = statistic(np.arange(count)) if count else float("nan")
    if not np.isfinite(value):
        return None
    if count == 1:
        return Estimate(value, None, None, count)
    low, high = _percentiles((np.arange(count),), statistic, vectorized=False)
    return Estimate(value, low, high, count)


def _percentiles(
    data: tuple[NDArray[np.generic], ...], statistic: Callable[..., object], *, vectorized: bool
) -> tuple[float | None, float | None]:
    from scipy.stats import bootstrap

    found = bootstrap(
        data,
        statistic,
        paired=True,
        vectorized=vectorized,
        n_resamples=RESAMPLES,
        batch=BATCH,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(BOOTSTRAP_SEED),
    )
    drawn = np.asarray(found.bootstrap_distribution)
    if np.isfinite(drawn).all():
        return float(found.confidence_interval.low), float(found.confidence_interval.high)
    tail = 50 * (1 - CONFIDENCE)  # draws without a figure are left out
    low, high = np.nanpercentile(drawn, [tail, 100 - tail])
    return float(low), float(high)
