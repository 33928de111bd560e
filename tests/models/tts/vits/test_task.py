"""Tests of `hiervox.models.tts.vits.task` at a tiny size."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.tts.vits.config import VitsExperiment
from hiervox.models.tts.vits.task import VitsTask
from hiervox.processors.spectrogram import linear_spectrogram
from tests.models.tts.vits.tiny_vits import HOP_LENGTH, sizes
from tests.overfit import overfit

MEL = {"preset": "vits", "n_fft": 64, "win_length": 64, "hop_length": HOP_LENGTH, "n_mels": 10}
DISCRIMINATORS = {"period": {"periods": [2, 3], "channels": [4, 8]}}


def _task(voice: str = "none", **sections: Any) -> VitsTask:
    tree = {
        "system": "vits",
        "part": "vits",
        "out_dir": "unused",
        "data": {"cuts": "unused"},
        "model": sizes(voice),
        "mel": MEL,
        "discriminators": DISCRIMINATORS,
        **sections,
    }
    return VitsTask(VitsExperiment.model_validate(tree))


def _batch(task: VitsTask) -> Batch:
    """Two clips of tones, one a token, twelve frames to a token."""
    tokens = torch.tensor([[5, 9, 7, 5], [9, 7, 0, 0]])
    lengths = torch.tensor([4, 2])
    samples = 12 * HOP_LENGTH
    time = torch.arange(4 * samples) / 22_050
    pitch = (300.0 * tokens).repeat_interleave(samples, 1)
    wav = 0.3 * torch.sin(2 * torch.pi * pitch * time)
    wav[1, 2 * samples :] = 0
    return {
        "ids": ["long", "short"],
        "wav": wav,
        "linear": linear_spectrogram(wav, task.config.mel),
        "tokens": tokens,
        "token_lengths": lengths,
        "frames": 12 * lengths,
        "speaker": torch.tensor([0, 1]),
    }


@pytest.mark.parametrize("voice", ["none", "table", "reference"])
def test_one_batch_is_learnt_by_heart(voice: str) -> None:
    task = _task(voice)
    history = overfit(task, _batch(task), steps=60, learning_rate=1e-2)
    assert set(history[0]) == {
        "mel",
        "kl",
        "duration",
        "adversarial",
        "feature_matching",
        "discriminator",
    }
    first, last = (sum(terms["mel"] for terms in part) for part in (history[:10], history[-10:]))
    assert last < 0.85 * first
    assert max(terms["kl"] for terms in history[-10:]) < 5.0


def test_slices_of_recording_and_of_what_is_decoded_belong_together() -> None:
    task = _task()
    batch = _batch(task)
    generated = task.generate(task.build_generator(), batch)
    start = int(generated.extras.starts[0]) * HOP_LENGTH
    assert torch.equal(generated.real[0, 0], batch["wav"][0, start : start + 4 * HOP_LENGTH])
    assert generated.fake.shape == generated.real.shape


def test_clips_need_a_frame_for_each_token_and_blank() -> None:
    task = _task(limits={"min_frames": 1})
    assert task.usable(21, 10) and not task.usable(20, 10)
    assert not task.usable(100, None) and not task.usable(100, 191)


def test_media_of_a_batch() -> None:
    engine = StepEngine(_task("table"), device="cpu")
    with torch.no_grad():
        media = engine.task.media(engine.inference_networks(), _batch(engine.task))
    assert set(media.audio) == {"recorded", "reconstructed", "spoken"}


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"mel": MEL | {"hop_length": 32}}, "hop_length"),
        ({"mel": MEL | {"n_fft": 128}}, "n_bins"),
        ({"features": {"speaker": {"names": ["eve"]}}}, "speaker.names"),
    ],
)
def test_sections_that_do_not_fit_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _task(**wrong)
