from __future__ import annotations

import numpy as np
import pytest

from hiervox.evaluation.estimate import grouping, mean_estimate, ratio_estimate, set_estimate
from tests.evaluation.coverage import Design, covered


def test_corpus_rate_is_sum_over_sum_not_mean_of_rates() -> None:
    estimate = ratio_estimate([1.0, 0.0], [2.0, 8.0])
    assert estimate is not None
    assert estimate.value == pytest.approx(0.1)
    assert estimate.count == 2


def test_interval_of_two_values_spans_them() -> None:
    # Of the resamples of {0, 1} a quarter is (0, 0) and a quarter (1, 1): the 95 % interval is all of [0, 1]
    estimate = mean_estimate([0.0, 1.0])
    assert estimate is not None
    assert (estimate.value, estimate.low, estimate.high) == (0.5, 0.0, 1.0)


def test_interval_narrows_with_more_utterances() -> None:
    few, many = mean_estimate([0.0, 1.0] * 8), mean_estimate([0.0, 1.0] * 200)
    assert few is not None and few.low is not None and few.high is not None
    assert many is not None and many.low is not None and many.high is not None
    # The standard error of a mean of n coin tosses is 0.5 / sqrt(n - 1); Student's quantile for 16 is 2.13
    assert few.high - few.low == pytest.approx(2 * 2.13 * 0.5 / np.sqrt(15), rel=0.2)
    assert many.high - many.low == pytest.approx(2 * 1.96 * 0.5 / 20, rel=0.2)


def test_one_value_has_no_interval_and_none_no_estimate() -> None:
    one = mean_estimate([0.25])
    assert one is not None
    assert (one.value, one.low, one.high) == (0.25, None, None)
    assert mean_estimate([]) is None


def test_set_figures_have_an_interval_over_the_draws_that_have_one() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0])

    def spread(drawn: np.ndarray) -> float:
        chosen = values[drawn]
        return float(np.ptp(chosen)) if np.ptp(chosen) else float("nan")

    estimate = set_estimate(4, spread)
    assert estimate is not None and estimate.low is not None and estimate.high is not None
    assert (estimate.value, estimate.count) == (3.0, 4)
    assert 1 <= estimate.low < estimate.high == 3
    assert set_estimate(0, spread) is None
    assert set_estimate(1, spread) is None


def test_speakers_are_drawn_before_their_utterances() -> None:
    """Over utterances alone, 5 speakers of 10 sentences each had a coverage of 0.5 to 0.7."""
    assert covered("normal", Design(5, 10)) >= 0.9
    assert covered("normal", Design(12, 5)) >= 0.9


def test_intervals_of_few_and_of_skewed_rows_hold_the_truth() -> None:
    """Percentiles as they are held it 0.84 of the time in 6 rows, expanded ones 0.89 in 10 error rates."""
    assert covered("normal", Design(6), 300) >= 0.91
    assert covered("error rate", Design(10), 300) >= 0.905


def test_a_skewed_figure_has_a_skewed_interval() -> None:
    estimate = mean_estimate([0.0] * 12 + [0.1, 0.1, 0.2, 0.9])
    assert estimate is not None and estimate.low is not None and estimate.high is not None
    assert estimate.high - estimate.value > 1.5 * (estimate.value - estimate.low)


def test_one_utterance_a_speaker_is_no_grouping() -> None:
    assert grouping(["a", "b"]) == ()
    assert grouping(["a", "", "a"]) == ()
    assert grouping(["a", "b", "a"]) == ("a", "b", "a")
    one = mean_estimate([0.0, 1.0], ["a", "a"])
    assert one is not None
    assert (one.low, one.high, one.speakers) == (None, None, 1)
