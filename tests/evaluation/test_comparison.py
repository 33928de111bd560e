from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest

from hiervox.evaluation.comparison import compare_systems, holm, least_p, paired_test


def test_holm_by_hand() -> None:
    # sorted 0.01, 0.02, 0.03, 0.04: times 4, 3, 2, 1, and never less than the one before
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.9, 0.5]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


def p_of(differences: Sequence[float]) -> float:
    """p of a mean of paired differences."""
    first = np.stack([np.asarray(differences), np.ones(len(differences))], axis=1)
    return paired_test(first, first * [0.0, 1.0])


def test_small_samples_are_tested_exactly() -> None:
    # 3, 1, 2, of sum 6: of the 8 sign patterns, +++ and --- are as extreme
    assert p_of([3.0, 1.0, 2.0]) == pytest.approx(2 / 8)
    assert p_of([1.0, -1.0]) == pytest.approx(1.0)
    assert p_of([0.0] * 5) == 1.0


def test_large_samples_agree_with_the_t_test_and_are_repeatable() -> None:
    from scipy.stats import ttest_1samp

    differences = np.random.default_rng(0).normal(0.15, 1.0, 200)
    p = p_of(differences)
    assert p == pytest.approx(float(ttest_1samp(differences, 0).pvalue), abs=0.01)
    assert p == p_of(differences)


def test_corpus_rates_are_tested_as_ratios_of_sums() -> None:
    """One long sentence with many errors: `a` has the worse corpus rate and the better mean rate."""
    words = {"long": 100.0, "x": 1.0, "y": 1.0, "z": 1.0}
    errors = {
        "a": {"long": 60.0, "x": 0.0, "y": 0.0, "z": 0.0},
        "b": {"long": 10.0, "x": 1.0, "y": 1.0, "z": 1.0},
    }
    rates = {
        system: {name: found / words[name] for name, found in of_system.items()}
        for system, of_system in errors.items()
    }
    [mean] = compare_systems(rates)
    [corpus] = compare_systems(errors, denominators=dict.fromkeys(errors, words))
    assert mean.difference == pytest.approx((0.6 + 0 - 0.1 - 3) / 4) and mean.difference < 0
    assert corpus.difference == pytest.approx(60 / 103 - 13 / 103) and corpus.difference > 0
    # the long sentence decides: with it on one side, 50 of 47 to 53, all of 2^4 are as extreme but those
    # where x, y or z stand against it as they do here or less: |50 ± 1 ± 1 ± 1| >= 47, so all are
    assert corpus.p == pytest.approx(1.0)
    assert mean.p == pytest.approx(4 / 16)


def test_permuted_words_go_with_their_errors() -> None:
    """Against all assignments by hand, where the two systems have other numbers of words."""
    first, second = (
        np.array([[3.0, 5.0], [2.0, 9.0], [4.0, 6.0]]),
        np.array([[1.0, 7.0], [2.0, 4.0], [0.0, 6.0]]),
    )
    found = []
    for swaps in product([False, True], repeat=3):
        swapped = np.array(swaps)[:, None]
        ours, theirs = np.where(swapped, second, first).sum(0), np.where(swapped, first, second).sum(0)
        found.append(ours[0] / ours[1] - theirs[0] / theirs[1])
    expected = 2 * min(
        np.mean([one >= found[0] - 1e-12 for one in found]),
        np.mean([one <= found[0] + 1e-12 for one in found]),
    )
    assert paired_test(first, second) == pytest.approx(min(1.0, float(expected)))


def test_ground_truth_is_no_member_of_the_family() -> None:
    rng = np.random.default_rng(0)
    values = {
        system: {str(number): float(rng.normal(mean)) for number in range(12)}
        for system, mean in (("ground_truth", 9.0), ("a", 0.0), ("b", 0.1))
    }
    pairs = {(pair.first, pair.second): pair for pair in compare_systems(values)}
    between = pairs["a", "b"]
    assert between.p_holm == between.p
    truth = pairs["ground_truth", "a"]
    assert truth.p_holm == pytest.approx(2 * truth.p)


def test_the_least_p_of_a_pair_is_said() -> None:
    values = {
        system: {str(number): mean + number for number in range(6)}
        for system, mean in zip("abcde", range(5), strict=True)
    }
    pairs = compare_systems(values)
    assert {pair.least for pair in pairs} == {10 * 2 / 2**6}
    assert all(pair.p_holm >= pair.least for pair in pairs)


def test_only_shared_utterances_are_paired() -> None:
    [pair] = compare_systems(
        {"a": {"1": 3.0, "2": 4.0, "3": 9.0}, "b": {"1": 1.0, "2": 1.0}, "c": {"9": 1.0}}
    )
    assert (pair.first, pair.second, pair.count, pair.difference) == ("a", "b", 2, 2.5)


def test_a_speakers_utterances_change_places_together() -> None:
    better = {f"{speaker}{number}": 1.0 + number / 10 for speaker in "abc" for number in range(8)}
    values = {"first": better, "second": dict.fromkeys(better, 0.0)}
    [pair] = compare_systems(values, {name: name[0] for name in better})
    assert (pair.speakers, pair.count) == (3, 24)
    assert pair.p == pytest.approx(2 / 8)
    [alone] = compare_systems(values)
    assert alone.p < 0.001
    assert least_p(3) == pytest.approx(2 / 8)
