from __future__ import annotations

import numpy as np
import pytest
import torch

from hiervox.models.base.pipelines import pitch_transfer
from hiervox.models.base.pipelines.pitch_transfer import (
    PitchStatistics,
    match_pitch,
    track_pitch,
    transfer_pitch,
)
from hiervox.processors.pitch import PitchConfig
from hiervox.utils.errors import AudioError


@pytest.fixture
def warnings(monkeypatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(pitch_transfer._log, "warning", lambda line, *parts: said.append(line % parts))
    return said


def track(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def statistics(*values: float) -> PitchStatistics | None:
    return PitchStatistics.of(track(*values))


def test_voiced_frames_get_the_prompts_mean_and_deviation(warnings) -> None:
    # source: mean 120, deviation 20; prompt: mean 220, deviation 10
    moved = transfer_pitch(track(0, 100, 140, 0), statistics(210, 0, 230))
    np.testing.assert_allclose(moved, [0, 210, 230, 0])
    assert moved.dtype == np.float32
    assert warnings == []


def test_a_prediction_is_brought_to_the_prompts_mean() -> None:
    predicted = torch.from_numpy(track(0, 95, 105, 0, 100)).log1p().view(1, 1, -1)
    brought = match_pitch(predicted, statistics(180, 220)).expm1().flatten()
    assert brought[[0, 3]].tolist() == [0, 0]
    voiced = brought[brought > 0]
    assert float(voiced.mean()) == pytest.approx(200, rel=0.01)
    assert float(voiced.max() / voiced.min()) == pytest.approx(105 / 95, rel=1e-3)


@pytest.mark.parametrize(("values", "prompt"), [((0, 0), (100, 120)), ((100, 110), (0, 0))])
def test_without_voiced_frames_a_prediction_stays(values: tuple, prompt: tuple) -> None:
    predicted = torch.from_numpy(track(*values)).log1p()
    assert match_pitch(predicted, statistics(*prompt)) is predicted


def test_never_negative() -> None:
    moved = transfer_pitch(track(500, 500, 500, 100), statistics(60, 60, 60, 60, 600))
    assert moved.min() == 0 and np.isfinite(moved).all()


def test_an_unvoiced_prompt_leaves_the_sources_pitch(warnings) -> None:
    source = track(0, 100, 140)
    np.testing.assert_array_equal(transfer_pitch(source, statistics(0, 0)), source)
    assert "the prompt has no voiced frame" in warnings[0]


def test_an_unvoiced_source_stays_so(warnings) -> None:
    np.testing.assert_array_equal(transfer_pitch(track(0, 0), statistics(100, 120)), [0, 0])
    assert "the source has no voiced frame" in warnings[0]


def test_a_flat_source_gets_the_prompts_mean() -> None:
    np.testing.assert_allclose(transfer_pitch(track(100, 100), statistics(190, 210)), [200, 200])


def test_a_tracker_that_fails_leaves_it_unvoiced(warnings, monkeypatch) -> None:
    def fail(*arguments: object) -> None:
        raise AudioError("x: dio can't track the F0 of 1.00 s")

    monkeypatch.setattr(pitch_transfer, "extract_f0", fail)
    f0 = track_pitch(np.ones(16000, np.float32), PitchConfig(), "x")
    assert f0.shape == (200,) and not f0.any()
    assert warnings == ["x: dio can't track the F0 of 1.00 s; it is taken as unvoiced"]


def test_digital_silence_within_a_source_is_unvoiced(warnings) -> None:
    assert track_pitch(np.zeros(16000, np.float32), PitchConfig(), "x").shape == (200,)
    assert warnings == []
