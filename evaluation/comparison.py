"""Whether two systems differ: paired permutation tests with Holm's correction.

Where rows name speakers, a speaker's utterances change places together: what one voice makes easier for a
system is no independent evidence each time. A figure that is a ratio of sums, as the word error rate of a
corpus is, is tested as that: what changes places is both errors and words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from hiervox.evaluation.estimate import grouping
from hiervox.evaluation.table import GROUND_TRUTH

Sums = NDArray[np.float64]
"""Numerators and denominators (N, 2) of N units of one system."""

PERMUTATIONS = 9999
PERMUTATION_SEED = 0
LEAST_PAIRS = 2
BATCH = 500
"""Permutations at once: memory is this times the utterances."""


@dataclass(frozen=True)
class Comparison:
    """Two systems by one figure.

    Attributes:
        first, second: the systems.
        difference: the figure of the first minus that of the second, over the utterances that both have.
        p: of the paired two-sided permutation test.
        p_holm: the same after Holm's correction over the pairs of this figure's family: all pairs of
            systems. Pairs with ground truth are a family of their own.
        count: how many utterances both have.
        speakers: how many speakers were permuted; 0 where utterances were.
        least: the least `p_holm` that so many pairs and units can have.
    """

    first: str
    second: str
    difference: float
    p: float
    p_holm: float
    count: int
    speakers: int = 0
    least: float = 0.0


def compare_systems(
    values: Mapping[str, Mapping[str, float]],
    speakers: Mapping[str, str] | None = None,
    denominators: Mapping[str, Mapping[str, float]] | None = None,
) -> list[Comparison]:
    """All pairs of systems that share at least two utterances.

    Args:
        values: system → utterance → value, of one figure.
        speakers: utterance → speaker, where that is known.
        denominators: system → utterance → what the values are summed over, as words are of word errors, for
            figures that are ratios of sums; of a mean, 1.
    """
    pairs = list(combinations(values, 2))
    families = (
        [pair for pair in pairs if (GROUND_TRUTH in pair) == with_truth] for with_truth in (True, False)
    )
    found = [pair for family in families for pair in _family(family, values, speakers or {}, denominators)]
    order = {pair: index for index, pair in enumerate(pairs)}
    return sorted(found, key=lambda pair: order[pair.first, pair.second])


def _family(
    pairs: Sequence[tuple[str, str]],
    values: Mapping[str, Mapping[str, float]],
    speakers: Mapping[str, str],
    denominators: Mapping[str, Mapping[str, float]] | None,
) -> list[Comparison]:
    """The pairs that are corrected together, where they share two utterances."""
    found: list[tuple[str, str, float, float, int, int]] = []
    for first, second in pairs:
        shared = [name for name in values[first] if name in values[second]]
        if len(shared) < LEAST_PAIRS:
            continue
        ours, theirs = (
            np.array(
                [(values[one][name], denominators[one][name] if denominators else 1.0) for name in shared]
            )
            for one in (first, second)
        )
        groups = grouping([speakers.get(name, "") for name in shared])
        units = (by_speaker(ours, groups), by_speaker(theirs, groups)) if groups else (ours, theirs)
        difference = _ratio(ours) - _ratio(theirs)
        found.append((first, second, difference, paired_test(*units), len(shared), len(set(groups))))
    corrected = holm([p for _, _, _, p, _, _ in found])
    least = holm([least_p(units or count) for _, _, _, _, count, units in found])
    return [
        Comparison(first, second, difference, p, p_holm, count, units, lowest)
        for (first, second, difference, p, count, units), p_holm, lowest in zip(
            found, corrected, least, strict=True
        )
    ]


def _ratio(sums: Sums) -> float:
    numerator, denominator = sums.sum(axis=0)
    return float(numerator / denominator)


def by_speaker(sums: Sums, groups: Sequence[str]) -> Sums:
    """The sums of each speaker's utterances: (N, 2) of N utterances to (K, 2) of K speakers."""
    names = np.asarray(groups)
    return np.array([sums[names == name].sum(axis=0) for name in dict.fromkeys(groups)])


def least_p(units: int) -> float:
    """The least p that a two-sided permutation of so many signs can have."""
    return max(2.0 ** (1 - units), 2 / (PERMUTATIONS + 1))


def paired_test(first: Sums, second: Sums) -> float:
    """Two-sided p of the difference between two ratios of sums over the same N units.

    The units of the two change places: in all 2^N ways where these are few, else in random ones.
    """
    from scipy.stats import permutation_test

    if not np.any(first - second):
        return 1.0
    upper, lower = (first - second).T
    upper_sum, lower_sum = (first + second).sum(axis=0)

    def difference(units: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
        signs = np.sign(units)  # units are counted from 1, so that a change of places is a change of sign
        above, below = (signs * upper).sum(axis), (signs * lower).sum(axis)
        found: NDArray[np.float64] = (upper_sum + above) / (lower_sum + below) - (upper_sum - above) / (
            lower_sum - below
        )
        return found

    found = permutation_test(
        (np.arange(1.0, len(first) + 1),),
        difference,
        permutation_type="samples",
        vectorized=True,
        n_resamples=PERMUTATIONS,
        batch=BATCH,
        rng=np.random.default_rng(PERMUTATION_SEED),
    )
    return float(found.pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction (Holm 1979) of the p values of one family."""
    corrected = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda position: p_values[position])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = largest
    return corrected
