"""Tests of `hiervox.evaluation.sound_events` and of the metric `events`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch.nn import functional

from hiervox.evaluation.classifiers import build_classifier
from hiervox.evaluation.metrics.events import EventTimes, onset_errors, segment_counts
from hiervox.evaluation.sound_events import (
    SoundEventDetector,
    SoundEventNetwork,
    runs,
    save_detector,
)
from hiervox.evaluation.table import Utterance
from hiervox.processors.event_times import parse_events, write_events
from hiervox.utils.errors import DataError, DependencyError

RATE = 16_000


def _sound(begin: float, end: float) -> np.ndarray:
    """A tone within two seconds of silence."""
    times = np.arange(2 * RATE) / RATE
    heard = (times >= begin) & (times < end)
    return (0.5 * np.sin(2 * np.pi * 1000 * times) * heard).astype(np.float32)


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of tones; something else is never heard."""
    torch.manual_seed(0)
    network = SoundEventNetwork(2)
    spans = [(0.2, 1.0), (0.6, 1.4), (1.0, 1.8), (0.1, 1.9)]
    wavs = torch.stack([torch.from_numpy(_sound(*span)) for span in spans])
    heard = torch.zeros(len(spans), 2, 50)
    for row, (begin, end) in zip(heard, spans, strict=True):
        row[0, round(25 * begin) : round(25 * end)] = 1
    optimizer = torch.optim.Adam(network.parameters(), 5e-3)
    for _ in range(20):
        loss = functional.binary_cross_entropy_with_logits(network(wavs), heard)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    folder = tmp_path_factory.mktemp("detector")
    save_detector(folder, network, ["tone", "bell"])
    return folder


def test_a_detector_hears_when(detector: Path) -> None:
    found = SoundEventDetector(detector).detect(_sound(0.4, 1.2))
    assert list(found) == ["tone"]
    ((begin, end),) = found["tone"]
    assert abs(begin - 0.4) < 0.15 and abs(end - 1.2) < 0.15
    features, logits = build_classifier(f"events:{detector}", "cpu").classify(_sound(0.4, 1.2))
    assert features.shape == (64,) and logits.argmax() == 0


def test_the_metric_counts_events_and_onsets(detector: Path, tmp_path: Path) -> None:
    file = tmp_path / "made.wav"
    soundfile.write(file, _sound(0.4, 1.2), RATE)
    metric = EventTimes(config=EventTimes.Settings(detector=str(detector), segment_seconds=0.5))
    metric.prepare()
    asked = Utterance(
        row=1, id="a", system="s", audio=file, texts={"timing": "tone__0.50-1.20--bell__0.00-0.50"}
    )
    scores = metric.score(asked)
    assert scores is not None
    assert [scores[name] for name in ("asked", "found", "told", "events")] == [2.0, 1.0, 1.0, "tone"]
    assert float(scores["onset_error"]) < 0.2  # type: ignore[arg-type]
    assert metric.score(Utterance(row=2, id="b", system="s", audio=file)) is None


def test_segments_and_onsets() -> None:
    wanted, heard = {"a": [(0.2, 1.5)], "b": [(2.0, 3.0)]}, {"a": [(0.5, 0.9), (1.1, 1.3)]}
    assert segment_counts(wanted, heard, 3.0, 1.0) == (2.0, 2.5)
    assert onset_errors(wanted, heard) == [pytest.approx(0.3)]
    assert runs(np.array([1, 1, 0, 1, 0, 0, 0, 1], bool), 2) == [(0, 4)]


def test_what_is_no_detector_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DependencyError, match="holds no detector of sound events"):
        SoundEventDetector(tmp_path)
    with pytest.raises(DependencyError, match="no detector of sound events is named"):
        EventTimes().prepare()


def test_event_times_as_text() -> None:
    text = "bell__0.50-2.00_3.00-4.50--rain__1.00-4.00"
    assert write_events(parse_events(text)) == text
    with pytest.raises(DataError, match="no times '1'"):
        parse_events("bell__1")
    with pytest.raises(DataError, match="'2-1' ends before it begins"):
        parse_events("bell__2-1")
