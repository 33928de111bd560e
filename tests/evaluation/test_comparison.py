from __future__ import annotations

import numpy as np
import pytest

from hiervox.evaluation.comparison import compare_systems, holm, least_p, paired_test


def test_holm_by_hand() -> None:
    # sorted 0.01, 0.02, 0.03, 0.04: times 4, 3, 2, 1, and never less than the one before
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.9, 0.5]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


def test_small_samples_are_tested_exactly() -> None:
    # 3, 1, 2, of sum 6: of the 8 sign patterns, +++ and --- are as extreme
    assert paired_test(np.array([3.0, 1.0, 2.0])) == pytest.approx(2 / 8)
    assert paired_test(np.array([1.0, -1.0])) == pytest.approx(1.0)
    assert paired_test(np.zeros(5)) == 1.0


def test_large_samples_agree_with_the_t_test_and_are_repeatable() -> None:
    from scipy.stats import ttest_1samp

    differences = np.random.default_rng(0).normal(0.15, 1.0, 200)
    p = paired_test(differences)
    assert p == pytest.approx(float(ttest_1samp(differences, 0).pvalue), abs=0.01)
    assert p == paired_test(differences)


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
