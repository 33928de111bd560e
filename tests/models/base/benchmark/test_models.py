"""Timing whole models."""

from __future__ import annotations

from pathlib import Path

from hiervox.models.base.benchmark.models import speech_like, trials_of
from hiervox.models.base.card import SystemCard

CARD = SystemCard(
    name="wide",
    task="sr",
    summary="",
    paper="",
    weights_licence="",
    parts=(),
    pipeline="x:y",
    capabilities=("enhancement",),
)


def test_a_voice_like_sound_has_the_length_and_level_of_speech() -> None:
    wav = speech_like(1.5, 8000)
    assert wav.shape == (12_000,)
    assert 0.05 < abs(wav).max() < 1


def test_each_task_of_a_pipeline_is_tried(tmp_path: Path) -> None:
    class Pipeline:
        rate = 16_000

        def upsample(self, wav, rate):  # type: ignore[no-untyped-def]
            return wav.repeat(2), 2 * rate

        def enhance(self, wav, rate):  # type: ignore[no-untyped-def]
            return wav, rate

    trials = trials_of(Pipeline(), CARD, tmp_path, seconds=2.0)
    assert {task: trial.whole() for task, trial in trials.items()} == {"sr": 2.0, "enhancement": 2.0}
