"""Whether two systems differ: paired permutation tests with Holm's correction.

Where rows name speakers, a speaker's utterances change places together: what one voice makes easier for a
system is no independent evidence each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from hiervox.evaluation.estimate import grouping

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
        difference: mean of first minus second over the utterances that both have.
        p: of the paired two-sided permutation test.
        p_holm: the same after Holm's correction over all pairs of systems of this figure.
        count: how many utterances both have.
        speakers: how many speakers were permuted; 0 where utterances were.
    """

    first: str
    second: str
    difference: float
    p: float
    p_holm: float
    count: int
    speakers: int = 0


def compare_systems(
    values: Mapping[str, Mapping[str, float]], speakers: Mapping[str, str] | None = None
) -> list[Comparison]:
    """All pairs of systems that share at least two utterances.

    Args:
        values: system → utterance → value, of one figure.
        speakers: utterance → speaker, where that is known.
    """
    found = []
    for first, second in combinations(values, 2):
        shared = [name for name in values[first] if name in values[second]]
        if len(shared) >= LEAST_PAIRS:
            differences = np.array([values[first][name] - values[second][name] for name in shared])
            groups = grouping([(speakers or {}).get(name, "") for name in shared])
            p = paired_test(by_speaker(differences, groups) if groups else differences)
            found.append((first, second, float(differences.mean()), p, len(shared), len(set(groups))))
    corrected = holm([p for _, _, _, p, _, _ in found])
    return [
        Comparison(first, second, difference, p, p_holm, count, units)
        for (first, second, difference, p, count, units), p_holm in zip(found, corrected, strict=True)
    ]


def by_speaker(differences: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """The sum of each speaker's differences: (N,) of N utterances to (K,) of K speakers."""
    names = np.asarray(groups)
    return np.array([differences[names == name].sum() for name in dict.fromkeys(groups)])


def least_p(units: int) -> float:
    """The least p that a two-sided permutation of so many signs can have."""
    return max(2.0 ** (1 - units), 1 / (PERMUTATIONS + 1))


def paired_test(differences: np.ndarray) -> float:
    """Two-sided p of paired differences (N,): all swaps of signs where 2^N is small, else random ones."""
    from scipy.stats import permutation_test

    if not np.any(differences):
        return 1.0
    found = permutation_test(
        (differences,),
        lambda sample, axis=-1: np.mean(sample, axis=axis),
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
