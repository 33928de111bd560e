"""DNSMOS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hiervox.evaluation.metrics.dnsmos import COLUMNS, WINDOW, PerceivedQuality, QualityPredictor
from hiervox.evaluation.table import Utterance
from hiervox.processors.audio import read_audio
from hiervox.utils.errors import DependencyError
from tests.evaluation.rows import noise, save, scored

pytest.importorskip("speechmos")


def test_agrees_with_the_package_of_the_weights() -> None:
    from speechmos import dnsmos

    wav = 0.3 * noise(10.5)
    expected = dnsmos.run(wav, sr=16000)
    found = QualityPredictor().predict(wav)
    assert found is not None
    for column in COLUMNS:
        kind = column.removeprefix("dnsmos_")
        assert found[column] == pytest.approx(float(expected[f"{kind}_mos"]), abs=1e-3)


@pytest.mark.parametrize("seconds", [0.8, 1.5, 3.2, 4.4])
def test_short_recordings_are_doubled_as_the_package_does(shared: Path, seconds: float) -> None:
    from speechmos import dnsmos

    wav, _ = read_audio(shared / "speech/kokoro_120/af_heart/af_heart_00069.opus", 16000)
    wav = np.resize(wav, round(seconds * 16000))
    expected = dnsmos.run(wav, sr=16000)
    found = QualityPredictor().predict(wav)
    assert found is not None
    for column in COLUMNS:
        kind = column.removeprefix("dnsmos_")
        assert found[column] == pytest.approx(float(expected[f"{kind}_mos"]), abs=1e-3)


def test_noise_lowers_the_scores_of_speech(shared: Path) -> None:
    wav, _ = read_audio(shared / "speech/kokoro_120/af_heart/af_heart_00069.opus", 16000)
    hiss = np.random.default_rng(0).normal(0, wav.std(), wav.size).astype(np.float32)
    predictor = QualityPredictor()
    clean, noisy = predictor.predict(wav), predictor.predict(wav + hiss)
    assert clean is not None and noisy is not None
    assert all(noisy[column] + 0.2 < clean[column] < 5 for column in COLUMNS), (clean, noisy)
    assert clean["dnsmos_ovrl"] > 3


def test_lengths_on_either_side_of_the_window_are_scored_alike() -> None:
    tone = 0.1 * np.sin(2 * np.pi * 100 * np.arange(3 * WINDOW) / 16000).astype(np.float32)
    predictor = QualityPredictor()
    short, long = predictor.predict(tone[: WINDOW // 3]), predictor.predict(tone)
    assert short is not None and long is not None
    assert short["dnsmos_sig"] == pytest.approx(long["dnsmos_sig"], abs=0.3)


def test_silence_has_no_score() -> None:
    assert QualityPredictor().predict(np.zeros(16000, np.float32)) is None


def test_the_metric_reads_the_recording(tmp_path: Path) -> None:
    scores = scored(PerceivedQuality(), Utterance(2, "a", "system", save(tmp_path, "noise", noise())))
    assert set(scores) == set(PerceivedQuality.columns)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hiervox.evaluation.metric.find_spec", lambda name: None)
    with pytest.raises(DependencyError, match="pip install onnxruntime"):
        PerceivedQuality().prepare()
