"""Tests of the training of Matcha-TTS at a tiny size."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.tts.matcha_tts.config import MatchaExperiment
from hiervox.models.tts.matcha_tts.task import MatchaTask
from tests.models.tts.matcha_tts.tiny_matcha_tts import HOP_LENGTH, MEL, sizes, tiny_matcha_tts
from tests.overfit import overfit


def _task(voice: str = "none", **sections: Any) -> MatchaTask:
    tree = {
        "system": "matcha_tts",
        "part": "matcha_tts",
        "out_dir": "unused",
        "data": {"cuts": "unused"},
        "model": sizes(voice),
        "mel": MEL,
        **sections,
    }
    return MatchaTask(MatchaExperiment.model_validate(tree))


def _batch() -> Batch:
    """Two clips of tones, one a token, twelve frames to a token."""
    tokens = torch.tensor([[5, 9, 7, 5], [9, 7, 0, 0]])
    lengths = torch.tensor([4, 2])
    samples = 12 * HOP_LENGTH
    time = torch.arange(4 * samples) / 22_050
    wav = 0.3 * torch.sin(2 * torch.pi * (300.0 * tokens).repeat_interleave(samples, 1) * time)
    wav[1, 2 * samples :] = 0
    return {
        "ids": ["long", "short"],
        "wav": wav,
        "tokens": tokens,
        "token_lengths": lengths,
        "frames": 12 * lengths,
        "speaker": torch.tensor([0, 1]),
    }


@pytest.mark.parametrize(
    ("voice", "more"),
    [
        ("none", {}),
        ("table", {"segment_frames": 24}),
        ("reference", {"decoder": {"channels": [16, 16], "head_channels": 8, "block": "conformer"}}),
    ],
)
def test_one_batch_is_learnt_by_heart(voice: str, more: dict[str, Any]) -> None:
    history = overfit(_task(voice, model=sizes(voice, **more)), _batch(), steps=80, learning_rate=1e-2)
    assert set(history[0]) == {"flow", "prior", "duration", "gradient_norm/main"}
    mean = {name: sum(row[name] for row in history[-20:]) / 20 for name in ("flow", "prior", "duration")}
    assert mean["prior"] < 0.7 * history[0]["prior"]
    assert mean["flow"] < 0.6 * history[0]["flow"]
    assert mean["duration"] < 0.5 * history[0]["duration"]


def test_clips_need_a_frame_for_each_token_and_blank() -> None:
    task = _task(limits={"min_frames": 1})
    assert task.usable(21, 10) and not task.usable(20, 10)
    assert not task.usable(100, None) and not task.usable(100, 191)


def test_mels_for_given_recordings() -> None:
    """Aligned by the network's own search: as long as the recordings, always the same."""
    task, network, batch = _task("table"), tiny_matcha_tts("table"), _batch()
    with torch.no_grad():
        mel = task.teacher_forced(network, batch)
        assert mel.shape == (2, 10, 48) and mel.isfinite().all() and mel[0].std() > 0
        assert torch.equal(mel, task.teacher_forced(network, batch))


def test_media_of_a_batch() -> None:
    engine = StepEngine(_task("reference"), device="cpu")
    with torch.no_grad():
        media = engine.task.media(engine.inference_networks(), _batch())
    assert set(media.figures) == {"mel/recorded", "mel/spoken", "alignment"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"mel": MEL | {"n_mels": 12}}, "mel_channels must be mel.n_mels, 12"),
        ({"features": {"speaker": {"names": ["eve"]}}}, "speaker.names"),
    ],
)
def test_sections_that_do_not_fit_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _task(**wrong)
