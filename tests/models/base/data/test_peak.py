"""Waveforms scaled to a peak as they are read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lhotse.cut.data import DataCut

from hiervox.models.base.data.clip import Clip, utterance_frames
from hiervox.models.base.data.manifest import read_cuts
from hiervox.models.base.data.randomness import generator_for
from hiervox.models.base.data.setup import FeaturesConfig, FeatureSetup
from hiervox.models.base.features.wav import Wav
from tests.models.base.data.corpora import RATE, make_manifest

FRAMES = 10


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> DataCut:
    return read_cuts(make_manifest(tmp_path_factory.mktemp("corpus"), [1.0]).parent)[0]


def _wav(cut: DataCut, start: int = 0, frames: int = FRAMES, epoch: int = 0, **peak: Any) -> np.ndarray:
    setup = FeatureSetup(sample_rate=RATE, features=FeaturesConfig(**({"peak": peak} if peak else {})))
    wav: np.ndarray = Wav(setup).read(Clip(cut, setup, start, frames, generator_for(1, epoch, cut.id)))
    return wav


def test_of_the_utterance_or_of_the_segment(cut: DataCut) -> None:
    whole = utterance_frames(cut, FeatureSetup(sample_rate=RATE))
    plain = _wav(cut, frames=whole)
    scaled = _wav(cut, frames=whole, of="utterance")
    assert scaled.dtype == np.float32 and np.abs(scaled).max() == pytest.approx(0.95, abs=1e-6)
    np.testing.assert_allclose(scaled * np.abs(plain).max() / 0.95, plain, atol=1e-6)
    segment = _wav(cut, start=20, of="utterance")
    np.testing.assert_array_equal(segment, scaled[20 * 320 : 30 * 320])
    assert np.abs(segment).max() < 0.949
    assert np.abs(_wav(cut, start=20, of="segment")).max() == pytest.approx(0.95, abs=1e-6)


@pytest.mark.parametrize("draw", ["linear", "decibels"])
def test_peaks_are_drawn_anew_in_each_epoch(cut: DataCut, draw: str) -> None:
    section = {"lowest": 0.1, "highest": 0.9, "draw": draw, "of": "segment"}
    peaks = np.array([np.abs(_wav(cut, epoch=epoch, **section)).max() for epoch in range(200)])
    assert len(set(peaks)) == 200 and peaks.min() >= 0.1 and peaks.max() <= 0.9
    assert np.median(peaks) == pytest.approx(0.5 if draw == "linear" else 0.3, abs=0.08)
    assert peaks[3] == np.abs(_wav(cut, epoch=3, **section)).max()


def test_silence_stays_silent(cut: DataCut) -> None:
    setup = FeatureSetup(sample_rate=RATE, features=FeaturesConfig(peak={"of": "segment"}))
    clip = Clip(cut, setup, 0, FRAMES)
    clip.wav = np.zeros(FRAMES * 320, np.float32)
    assert not Wav(setup).read(clip).any()


def test_the_range_is_in_order() -> None:
    with pytest.raises(ValueError, match=r"lowest 0\.9 is above highest 0\.5"):
        FeaturesConfig(peak={"lowest": 0.9, "highest": 0.5})
