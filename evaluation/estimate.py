"""A figure over many utterances with its bootstrap confidence interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
CONFIDENCE = 0.95
BOOTSTRAP_SEED = 0


@dataclass(frozen=True)
class Estimate:
    """A figure.

    Attributes:
        value: the figure over all utterances.
        low, high: the 95 % percentile-bootstrap interval over utterances; None for a single utterance.
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
    upper = np.asarray(numerators, dtype=np.float64)
    lower = np.asarray(denominators, dtype=np.float64)
    value = float(upper.sum() / lower.sum())
    if count == 1:
        return Estimate(value, None, None, count)
    generator = np.random.default_rng(BOOTSTRAP_SEED)
    ratios = np.empty(RESAMPLES)
    for number in range(RESAMPLES):
        drawn = generator.integers(0, count, count)
        ratios[number] = upper[drawn].sum() / lower[drawn].sum()
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(ratios, [tail, 100 - tail])
    return Estimate(value, float(low), float(high), count)


def mean_estimate(values: Sequence[float]) -> Estimate | None:
    """The mean. None without utterances."""
    return ratio_estimate(values, [1.0] * len(values))
