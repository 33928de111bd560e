"""Tests of `hiervox.models.tts.fastspeech2.task` at a tiny size."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.tts.fastspeech2.config import FastSpeech2Experiment
from hiervox.models.tts.fastspeech2.task import FastSpeech2Task
from hiervox.processors.spectrogram import linear_spectrogram, log_mel
from tests.models.tts.fastspeech2.tiny_fastspeech2 import HOP_LENGTH, MEL, sizes
from tests.overfit import overfit

FRAME = {"level": "frame"}
PITCH = {5: 150.0, 9: 250.0, 7: 0.0}


def _task(voice: str = "none", **model: Any) -> FastSpeech2Task:
    tree = {
        "system": "fastspeech2",
        "part": "acoustic",
        "out_dir": "unused",
        "data": {"cuts": "unused"},
        "model": sizes(voice, **model),
        "mel": MEL,
    }
    return FastSpeech2Task(FastSpeech2Experiment.model_validate(tree))


def _batch(task: FastSpeech2Task) -> Batch:
    """Two clips of tones and silence, one a token, twelve frames to a token but for the second."""
    tokens = torch.tensor([[5, 9, 7, 5], [9, 7, 0, 0]])
    durations = torch.tensor([[12, 6, 12, 12], [12, 12, 0, 0]])
    f0 = torch.zeros(2, 42)
    for own, clip, lengths in zip(f0, tokens.tolist(), durations, strict=True):
        hz = torch.tensor([PITCH.get(token, 0.0) for token in clip])
        values = hz.repeat_interleave(lengths)
        own[: len(values)] = values
    phase = torch.cumsum(f0.repeat_interleave(HOP_LENGTH, 1) / 22_050, 1)
    wav = 0.3 * torch.sin(2 * torch.pi * phase) * (f0 > 0).repeat_interleave(HOP_LENGTH, 1)
    return {
        "ids": ["long", "short"],
        "wav": wav,
        "mel": log_mel(wav, task.config.mel),
        "energy": linear_spectrogram(wav, task.config.mel).norm(dim=1),
        "f0": f0,
        "durations": durations,
        "tokens": tokens,
        "token_lengths": torch.tensor([4, 2]),
        "frames": durations.sum(1),
        "speaker": torch.tensor([0, 1]),
    }


@pytest.mark.parametrize(
    "voice, model", [("none", {}), ("table", {"pitch": FRAME, "energy": FRAME, "post_net_channels": 0})]
)
def test_one_batch_is_learnt_by_heart(voice: str, model: dict[str, Any]) -> None:
    task = _task(voice, **model)
    history = overfit(task, _batch(task), steps=100, learning_rate=1e-2)
    terms = {"mel", "duration", "pitch", "energy"} | ({"post_net_mel"} if not model else set())
    assert set(history[0]) == terms | {"gradient_norm/main"}
    for name, share in {"mel": 0.4, "duration": 0.1, "pitch": 0.2, "energy": 0.2}.items():
        assert history[-1][name] < share * history[0][name], name


def test_targets_of_tokens_are_means_over_their_frames() -> None:
    task = _task()
    targets = task.targets(_batch(task))
    # the third token is unvoiced: half way from the second's to the fourth's on the mean
    assert targets.pitch[0, 0].tolist() == pytest.approx([150, 250, 200, 150], abs=1)
    assert targets.pitch[1, 0, 2:].tolist() == [0, 0]
    assert targets.energy[0, 0, 2] < 0.1 * targets.energy[0, 0, 0]


def test_statistics_are_counted_in_training_alone() -> None:
    task = _task(statistics_batches=2)
    engine = StepEngine(task, device="cpu")
    batch = _batch(task)
    statistics = engine.inference_networks()["main"].adaptor.pitch.statistics
    engine.step(batch, 0)
    assert 150 < float(statistics.mean) < 250 and float(statistics.seen) == 1
    for step in range(1, 4):
        engine.step(batch, step)
    assert float(statistics.seen) == 2
    pitch = task.targets(batch).pitch[0, 0]
    assert torch.allclose(statistics.restore(statistics.normalise(pitch)), pitch)


def test_media_of_a_batch() -> None:
    engine = StepEngine(_task("reference"), device="cpu")
    with torch.no_grad():
        media = engine.task.media(engine.inference_networks(), _batch(engine.task))
    assert {"mel/recorded", "mel/given"} <= set(media.figures)


@pytest.mark.parametrize(
    "section, value, message",
    [
        ("mel", MEL | {"n_mels": 10}, "n_mels"),
        ("features", {"speaker": {"names": ["eve"]}}, "speaker.names"),
        ("features", {"pitch": {"hop_seconds": 0.005}}, "hop_seconds"),
        ("model", sizes(pitch={"scale": "log"}), "log scale"),
        ("model", sizes(encoder={"kernel_sizes": [2, 1]}), "odd"),
    ],
)
def test_sections_that_do_not_fit_are_refused(section: str, value: Any, message: str) -> None:
    task = _task()
    tree = task.config.model_dump(mode="json")
    with pytest.raises(ValueError, match=message):
        FastSpeech2Experiment.model_validate({**tree, section: value})
