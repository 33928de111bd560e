from __future__ import annotations

import numpy as np
import pytest

from hiervox.evaluation.metrics.f0_variation import PitchVariation, semitone_deviation
from tests.evaluation.rows import number, pair, scored
from tests.evaluation.sounds import melody


def test_two_tones_an_octave_apart_deviate_by_six_semitones() -> None:
    contour = np.array([100.0, 200.0] * 5 + [0.0] * 7, np.float32)
    assert semitone_deviation(contour) == pytest.approx(6.0)


def test_a_higher_voice_of_the_same_intonation_has_the_same_value() -> None:
    contour = np.linspace(100, 180, 50, dtype=np.float32)
    assert semitone_deviation(1.7 * contour) == pytest.approx(semitone_deviation(contour))


def test_octave_errors_are_left_out() -> None:
    contour = np.linspace(110, 130, 40, dtype=np.float32)
    jumps = np.concatenate([contour, 2 * contour[::10], contour[::10] / 2])
    assert semitone_deviation(jumps) == pytest.approx(semitone_deviation(contour))


def test_hardly_voiced_has_no_value() -> None:
    assert semitone_deviation(np.array([100.0] * 9 + [0.0] * 50, np.float32)) is None


def test_the_reference_stands_beside(tmp_path) -> None:
    flat = np.sign(np.sin(2 * np.pi * 120 * np.arange(16000) / 16000)).astype(np.float32) * 0.2
    scores = scored(PitchVariation(), pair(tmp_path, flat, melody(seconds=1.0)))
    assert number(scores, "f0_std") < 0.5 < 2 < number(scores, "f0_std_reference")
