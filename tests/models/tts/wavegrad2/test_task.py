"""Tests of `hiervox.models.tts.wavegrad2.task` at a tiny size."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.tts.wavegrad2.config import WaveGrad2Experiment
from hiervox.models.tts.wavegrad2.task import WaveGrad2Task
from hiervox.processors.spectrogram import log_mel
from tests.models.tts.wavegrad2.tiny_wavegrad2 import HOP_LENGTH, MEL, RATE, sizes
from tests.overfit import overfit


def _task(voice: str = "none", **sections: Any) -> WaveGrad2Task:
    tree = {
        "system": "wavegrad2",
        "part": "wavegrad2",
        "out_dir": "unused",
        "data": {"cuts": "unused"},
        "model": sizes(voice),
        "mel": MEL,
        **sections,
    }
    return WaveGrad2Task(WaveGrad2Experiment.model_validate(tree))


def _batch(task: WaveGrad2Task) -> Batch:
    """Two clips of tones, one a token, twelve frames to a token, six to the last one."""
    tokens = torch.tensor([[5, 9, 7, 5], [9, 7, 0, 0]])
    durations = torch.tensor([[12, 12, 12, 6], [12, 6, 0, 0]])
    samples = 42 * HOP_LENGTH
    wav = torch.zeros(2, samples)
    for own, item, frames in zip(wav, tokens, durations, strict=True):
        pitch = (100.0 * item).repeat_interleave(frames * HOP_LENGTH)
        own[: len(pitch)] = 0.5 * torch.sin(2 * torch.pi * pitch * torch.arange(len(pitch)) / RATE)
    return {
        "ids": ["long", "short"],
        "wav": wav,
        "mel": log_mel(wav, task.config.mel)[..., :42],
        "tokens": tokens,
        "token_lengths": torch.tensor([4, 2]),
        "durations": durations,
        "frames": durations.sum(1),
        "speaker": torch.tensor([0, 1]),
    }


@pytest.mark.parametrize("voice", ["table", "reference"])
def test_the_voice_is_learnt_with_the_rest(voice: str) -> None:
    engine = StepEngine(_task(voice), device="cpu")
    named = "speaker_table" if voice == "table" else "reference_encoder"
    own = [one for name, one in engine.networks["main"].named_parameters() if name.startswith(named)]
    before = [one.detach().clone() for one in own]
    engine.step(_batch(engine.task), 0)
    assert own and not any(torch.equal(one, other) for one, other in zip(own, before, strict=True))


def test_one_batch_is_learnt_by_heart() -> None:
    torch.manual_seed(0)
    task = _task()
    history = overfit(task, _batch(task), steps=60, learning_rate=1e-2)
    first, last = (
        {name: sum(terms[name] for terms in part) / 20 for name in ("noise", "duration")}
        for part in (history[:20], history[-20:])
    )
    assert last["noise"] < 0.5 * first["noise"]
    assert last["duration"] < 0.5 * first["duration"]


def test_windows_of_waveform_and_text_belong_together() -> None:
    task = _task()
    batch, network = _batch(task), task.build_networks()["main"].eval()
    draws = network.draw(batch["frames"])
    draws.starts = torch.tensor([15, 0])
    arguments = [batch[name] for name in ("wav", "frames", "tokens", "token_lengths", "durations")]
    with torch.no_grad():
        output = network(*arguments, draws=draws)
        mask = torch.ones(1, 1, 4)
        memory = network.memory(batch["tokens"][:1], mask)
        hidden = memory @ network.alignment(memory, batch["durations"][:1], mask, torch.tensor([0]), 42).mT
    assert output.mask.sum(2)[:, 0].tolist() == [20 * HOP_LENGTH, 18 * HOP_LENGTH]
    clean = batch["wav"][:1, 15 * HOP_LENGTH : 35 * HOP_LENGTH]
    level = draws.levels[:1, None]
    noisy = level * clean + (1 - level**2).sqrt() * draws.noise[:1]
    with torch.no_grad():
        again = network.decoder.predict_noise(noisy, draws.levels[:1], hidden[..., 15:35])
    torch.testing.assert_close(output.predicted[:1, 0], again, atol=1e-5, rtol=1e-4)


def test_media_of_a_batch() -> None:
    engine = StepEngine(_task("reference"), device="cpu")
    with torch.no_grad():
        media = engine.task.media(engine.inference_networks(), _batch(engine.task))
    assert {"recorded", "own_durations"} <= set(media.audio) and "alignment" in media.figures
    assert media.audio["own_durations"][0].shape == media.audio["recorded"][0].shape


def test_clips_that_say_nothing_are_left_out() -> None:
    assert _task().usable(100, 3) and not _task().usable(100, 0) and not _task().usable(100, None)


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"mel": MEL | {"hop_length": 32}}, "hop_length"),
        ({"model": sizes(sample_rate=16_000)}, "sample_rate"),
        ({"model": sizes("reference", style_channels=7)}, "in_channels must be 15"),
        ({"model": sizes(schedules=[[0.1, 0.2], [0.3, 0.4]])}, "different numbers of steps"),
        ({"features": {"speaker": {"names": ["eve"]}}}, "speaker.names"),
    ],
)
def test_sections_that_do_not_fit_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _task(**wrong)
