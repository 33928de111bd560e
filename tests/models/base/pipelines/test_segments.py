from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from hiervox.models.base.pipelines.segments import (
    LATEST_CUT,
    LONGEST_SECONDS,
    fade_segments,
    plan_segments,
)
from hiervox.processors.audio import PAD_MULTIPLE, SAMPLE_RATE


def noise(seconds: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (0.1 * rng.standard_normal(int(seconds * SAMPLE_RATE))).astype(np.float32)


def test_a_short_recording_is_one_segment() -> None:
    (only,) = plan_segments(noise(LONGEST_SECONDS))
    assert (only.first, only.last, only.start, only.stop) == (0, 478_720, 0, 478_720)


@pytest.mark.parametrize("seconds", [30.01, 45.3, 100])
def test_segments_keep_everything_once_and_are_short(seconds) -> None:
    recording = noise(seconds)
    plan = plan_segments(recording)
    assert plan[0].start == 0 and plan[-1].stop == recording.size
    for before, after in pairwise(plan):
        assert before.stop == after.start
        assert before.last > before.stop and after.first < after.start
    for segment in plan:
        assert segment.last - segment.first <= LONGEST_SECONDS * SAMPLE_RATE
        assert segment.start % PAD_MULTIPLE == segment.first % PAD_MULTIPLE == 0


def test_cuts_are_where_it_is_quiet() -> None:
    recording = noise(50)
    recording[20 * SAMPLE_RATE : 21 * SAMPLE_RATE] *= 0.001
    assert 20 <= plan_segments(recording)[0].stop / SAMPLE_RATE <= 21


def test_what_is_cut_is_put_together_again() -> None:
    whole = noise(70)
    plan = plan_segments(whole)
    assert len(plan) >= 3
    joined = np.concatenate(list(fade_segments((one, whole[one.first : one.last]) for one in plan)))
    assert joined.dtype == np.float32
    np.testing.assert_allclose(joined, whole, atol=1e-6)


def test_loud_recordings_without_a_pause_are_cut_all_the_same() -> None:
    assert len(plan_segments(np.ones(LATEST_CUT * 3, np.float32))) >= 3
