"""Batches and streams at a tiny size; `python -m tests.equality` measures the published sizes."""

from __future__ import annotations

from pathlib import Path

from hiervox.models.tts.hierspeechpp.parts import Networks
from tests.equality import measure
from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle


def test_batches_and_streams_are_single_sentences(tmp_path: Path) -> None:
    figures = measure(Networks.load(write_tiny_bundle(tmp_path / "tiny")))
    assert figures.pop("largest sample") > 1e-3
    assert len(figures) == 2 and max(figures.values()) < 1e-5
