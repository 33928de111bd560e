"""A long text in flat memory, and batches and streams that are single texts, at a tiny size."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import hiervox
from hiervox.bins.app import app
from hiervox.models.base.benchmark.streams import Moment, agreement, every_so_often, sentences, watch
from hiervox.models.tts._hierarchy import windowed
from tests.models.tts.hierspeechpp.tiny_bundle import voice, write_tiny_bundle


def test_memory_does_not_grow_with_the_text(tmp_path: Path) -> None:
    """The second time no length is new to oneDNN, whose caches of 1024 kernels fill by length."""
    pipeline = hiervox.load(write_tiny_bundle(tmp_path / "tiny"), device="cpu")
    first, second = (list(watch(pipeline, sentences(12), (voice(1.0), 16_000))) for _ in range(2))
    assert first[-1].audio > 5 and first[0].audio < 1  # the first sound does not wait for the text
    assert second[-1].resident < first[-1].resident + 30e6


def test_batches_and_streams_are_single_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windowed, "CPU_PASSES", 3)
    pipeline = hiervox.load(write_tiny_bundle(tmp_path / "tiny"), device="cpu")
    differences = agreement(pipeline, (voice(1.0), 16_000))
    assert differences.pop("largest sample") > 1e-3
    assert len(differences) == 2 and max(differences.values()) < 1e-4


def test_moments_are_thinned_out() -> None:
    moments = [Moment(seconds, 0.0, 0.0, 0) for seconds in (0.5, 1.0, 2.6, 3.0, 5.0, 5.5)]
    assert [one.audio for one in every_so_often(iter(moments), 2.0)] == [0.5, 2.6, 5.0, 5.5]


def test_a_text_has_so_many_sentences() -> None:
    assert sentences(5).count(".") == 5 and sentences(5) == sentences(5) != sentences(5, seed=1)


def test_options_of_models_are_refused_for_systems() -> None:
    result = CliRunner().invoke(app, ["benchmark", "speechsr", "--agreement"])
    assert "go with a model" in str(result.exception)
