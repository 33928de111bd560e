"""Tests of the training of Glow-TTS at a tiny size."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.tts.glow_tts.config import GlowTtsExperiment
from hiervox.models.tts.glow_tts.task import GlowTtsTask
from tests.models.tts.glow_tts.tiny_glow_tts import HOP_LENGTH, MEL, sizes, tiny_glow_tts
from tests.overfit import overfit


def _task(voice: str = "none", **sections: Any) -> GlowTtsTask:
    tree = {
        "system": "glow_tts",
        "part": "glow_tts",
        "out_dir": "unused",
        "data": {"cuts": "unused"},
        "model": sizes(voice),
        "mel": MEL,
        **sections,
    }
    return GlowTtsTask(GlowTtsExperiment.model_validate(tree))


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


@pytest.mark.parametrize("voice", ["none", "table", "reference"])
def test_one_batch_is_learnt_by_heart(voice: str) -> None:
    history = overfit(_task(voice), _batch(), steps=60, learning_rate=1e-2)
    assert set(history[0]) == {"likelihood", "duration", "gradient_norm/main"}
    assert history[-1]["likelihood"] < history[0]["likelihood"] - 1
    assert history[-1]["duration"] < 0.5 * history[0]["duration"]


def test_clips_need_a_frame_for_each_token_and_blank_in_whole_pairs() -> None:
    task = _task(limits={"min_frames": 1})
    assert task.usable(22, 10) and not task.usable(21, 10)
    assert not task.usable(100, None) and not task.usable(100, 191)


@pytest.mark.parametrize("voice", ["none", "table", "reference"])
def test_mels_for_given_recordings(voice: str) -> None:
    """Aligned by the network's own search: as long as the recordings, the odd frame too, always the same."""
    task, network = _task(voice), tiny_glow_tts(voice)
    batch = _batch()
    batch["wav"] = torch.nn.functional.pad(batch["wav"], (0, HOP_LENGTH))
    batch["frames"] = batch["frames"] + torch.tensor([1, 0])
    with torch.no_grad():
        mel = task.teacher_forced(network, batch)
        assert mel.shape == (2, 10, 49) and mel.isfinite().all() and mel[0].std() > 0
        assert torch.equal(mel[..., -1], mel[..., -2])
        assert torch.equal(mel, task.teacher_forced(network, batch))
        output = task.forward({"main": network}, batch)
        durations = output.alignment[0].sum(0)
        assert durations.sum() == 48 and durations.min() >= 1
        # what the frames are drawn around is the prior of those durations
        frames, mask = task.frames(batch, training=False)[..., :48], output.mask[..., :48]
        style = network.frame_style(frames, mask, batch["speaker"] if voice == "table" else None)
        z, _ = network.flow(mel[..., :48], mask, style)
        noise = ((z - output.mean[..., :48]) / output.log_std[..., :48].exp())[0]
        assert abs(noise.std() - 0.667) < 0.1


def test_media_of_a_batch() -> None:
    engine = StepEngine(_task("reference"), device="cpu")
    with torch.no_grad():
        media = engine.task.media(engine.inference_networks(), _batch())
    assert set(media.figures) == {"frames/recorded", "frames/spoken", "alignment"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"mel": MEL | {"n_mels": 12}}, "frame_channels must be mel.n_mels, 12"),
        ({"features": {"speaker": {"names": ["eve"]}}}, "speaker.names"),
        ({"model": sizes(flow={"group": 8})}, "flow.group"),
    ],
)
def test_sections_that_do_not_fit_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _task(**wrong)
