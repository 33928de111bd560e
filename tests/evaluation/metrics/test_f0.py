from __future__ import annotations

import numpy as np
import pytest

from hiervox.evaluation.metrics.f0 import PitchCorrelation, compare_pitch
from hiervox.evaluation.table import Utterance
from tests.evaluation.rows import number, pair, save, scored
from tests.evaluation.sounds import SAMPLE_RATE, melody


def test_figures_by_hand() -> None:
    reference = np.array([100.0, 110.0, 120.0, 130.0, 140.0, 150.0] * 2 + [0.0, 90.0], np.float32)
    f0 = np.array([120.0, 130.0, 140.0, 150.0, 160.0, 170.0] * 2 + [0.0, 0.0], np.float32)
    figures = compare_pitch(f0, reference)
    assert figures["f0_pearson"] == pytest.approx(1.0)
    assert figures["f0_rmse"] == pytest.approx(20.0)
    assert figures["voicing_error"] == pytest.approx(1 / 14)
    # 12 frames voiced in both, none in ours only, one in theirs only: 2 · 12 / (12 + 13)
    assert figures["vuv_f1"] == pytest.approx(24 / 25)


def test_an_octave_is_1200_cents() -> None:
    reference = np.linspace(100, 200, 20, dtype=np.float32)
    assert compare_pitch(2 * reference, reference)["f0_rmse_cents"] == pytest.approx(1200)


def test_opposite_melody_is_minus_one() -> None:
    rising = np.linspace(100, 200, 20, dtype=np.float32)
    assert compare_pitch(rising, rising[::-1])["f0_pearson"] == pytest.approx(-1.0)


def test_flat_or_hardly_voiced_contours_have_no_correlation() -> None:
    rising = np.linspace(100, 200, 20, dtype=np.float32)
    assert "f0_pearson" not in compare_pitch(np.full(20, 100, np.float32), rising)
    assert set(compare_pitch(np.where(np.arange(20) < 5, rising, 0), rising)) == {"voicing_error", "vuv_f1"}


def test_higher_and_slower_copy_keeps_the_melody(tmp_path) -> None:
    scores = scored(PitchCorrelation(), pair(tmp_path, melody(scale=1.2, stretch=1.3), melody()))
    assert number(scores, "f0_pearson") > 0.95
    assert scores["f0_rmse"] == pytest.approx(0.2 * 150, rel=0.25)
    assert scores["f0_rmse_cents"] == pytest.approx(1200 * np.log2(1.2), rel=0.25)


def test_recordings_of_one_length_are_compared_frame_by_frame(tmp_path) -> None:
    """Time warping would forgive the shift."""
    reference = melody()
    shifted = np.roll(reference, SAMPLE_RATE // 20)
    utterance = pair(tmp_path, shifted, reference)
    metric = PitchCorrelation()
    found = scored(metric, utterance)
    assert utterance.reference is not None
    f0 = [metric.context.recordings.f0(file) for file in (utterance.audio, utterance.reference)]
    assert len(f0[0]) == len(f0[1])
    assert found == compare_pitch(*f0)
    longer = pair(tmp_path, np.append(shifted, np.zeros(SAMPLE_RATE // 10, np.float32)), reference)
    assert number(scored(PitchCorrelation(), longer), "f0_rmse") < number(found, "f0_rmse")


def test_unvoiced_or_silent_is_not_measured(tmp_path) -> None:
    voiced = save(tmp_path, "voiced", melody(seconds=0.5))
    silent = save(tmp_path, "silent", np.zeros(SAMPLE_RATE, np.float32))
    assert PitchCorrelation().score(Utterance(2, "1", "x", silent, reference=voiced)) is None
    assert PitchCorrelation().score(Utterance(3, "2", "x", voiced)) is None
