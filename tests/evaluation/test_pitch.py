from __future__ import annotations

import numpy as np
import pytest
import soundfile

from hiervox.evaluation.metrics import EVALUATION_PITCH
from hiervox.evaluation.pitch import PitchCorrelation, compare_pitch
from hiervox.evaluation.table import Utterance
from hiervox.processors.audio import write_audio
from tests.evaluation.sounds import SAMPLE_RATE, melody


@pytest.fixture
def metric() -> PitchCorrelation:
    pytest.importorskip("librosa")
    return PitchCorrelation(EVALUATION_PITCH)


def test_figures_by_hand() -> None:
    reference = np.array([100.0, 110.0, 120.0, 130.0, 140.0, 150.0] * 2 + [0.0, 90.0], np.float32)
    f0 = np.array([120.0, 130.0, 140.0, 150.0, 160.0, 170.0] * 2 + [0.0, 0.0], np.float32)
    figures = compare_pitch(f0, reference)
    assert figures["f0_pearson"] == pytest.approx(1.0)
    assert figures["f0_rmse"] == pytest.approx(20.0)
    assert figures["voicing_error"] == pytest.approx(1 / 14)


def test_opposite_melody_is_minus_one() -> None:
    rising = np.linspace(100, 200, 20, dtype=np.float32)
    assert compare_pitch(rising, rising[::-1])["f0_pearson"] == pytest.approx(-1.0)


def test_flat_or_hardly_voiced_contours_have_no_correlation() -> None:
    rising = np.linspace(100, 200, 20, dtype=np.float32)
    assert "f0_pearson" not in compare_pitch(np.full(20, 100, np.float32), rising)
    assert set(compare_pitch(np.where(np.arange(20) < 5, rising, 0), rising)) == {"voicing_error"}


def test_higher_and_slower_copy_keeps_the_melody(metric, tmp_path) -> None:
    write_audio(tmp_path / "reference.wav", melody(), SAMPLE_RATE)
    write_audio(tmp_path / "copy.wav", melody(scale=1.2, stretch=1.3), SAMPLE_RATE)
    row = Utterance(2, "1", "x", tmp_path / "copy.wav", reference=tmp_path / "reference.wav")
    scores = metric.score(row)
    assert scores is not None
    assert scores["f0_pearson"] > 0.95
    assert scores["f0_rmse"] == pytest.approx(0.2 * 150, rel=0.25)


def test_unvoiced_or_silent_is_not_measured(metric, tmp_path, monkeypatch) -> None:
    for name, wav in (("voiced", melody(seconds=0.5)), ("silent", np.zeros(SAMPLE_RATE, np.float32))):
        soundfile.write(tmp_path / f"{name}.wav", wav, SAMPLE_RATE)
    voiced, silent = tmp_path / "voiced.wav", tmp_path / "silent.wav"
    assert metric.score(Utterance(2, "1", "x", silent, reference=voiced)) is None
    assert metric.score(Utterance(3, "2", "x", voiced)) is None
    monkeypatch.setattr("hiervox.evaluation.pitch.extract_f0", lambda *arguments: np.zeros(100, np.float32))
    assert PitchCorrelation(EVALUATION_PITCH).score(Utterance(4, "3", "x", voiced, reference=voiced)) is None


def test_long_recordings_keep_the_alignment_small(monkeypatch) -> None:
    """The hop widens instead of the cost matrix."""
    from hiervox.evaluation import pitch

    monkeypatch.setattr(pitch, "MOST_FRAMES", 100)
    sizes = []
    original = pitch.cepstra

    def spy(wav, hop_length):
        features = original(wav, hop_length)
        sizes.append(features.shape[1])
        return features

    monkeypatch.setattr(pitch, "cepstra", spy)
    wav = melody(seconds=3)
    one = pitch.Melody(wav, np.full(600, 100, np.float32))
    first, second = pitch.aligned_pitch(one, one, 0.005)
    assert max(sizes) <= 101
    assert len(first) == len(second) >= 75
