"""Tests of the training of both parts of Glow-WaveGAN at a tiny size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.tts.glow_wavegan.config import LatentFlowExperiment, WaveGanExperiment
from hiervox.models.tts.glow_wavegan.tasks.flow import LatentFlowTask
from hiervox.models.tts.glow_wavegan.tasks.wavegan import WaveGanTask, pitch_losses
from hiervox.utils.errors import ConfigError
from tests.models.tts.glow_tts.test_task import _batch as text_batch
from tests.models.tts.glow_tts.tiny_glow_tts import HOP_LENGTH
from tests.models.tts.glow_wavegan.tiny_glow_wavegan import MEL, PITCH, WAVEGAN, flow_sizes, write_wavegan
from tests.overfit import overfit

FRAMES = 160  # the largest transform of the losses has 2048 samples


def _wavegan_task(**sections: Any) -> WaveGanTask:
    tree = {
        "system": "glow_wavegan",
        "part": "wavegan",
        "out_dir": "unused",
        "data": {"cuts": "unused", "segment_samples": FRAMES * HOP_LENGTH},
        "model": WAVEGAN,
        "mel": MEL,
        "features": {"pitch": PITCH},
        "discriminators": {"period": {"periods": [2], "channels": [4, 4]}},
        **sections,
    }
    return WaveGanTask(WaveGanExperiment.model_validate(tree))


def _segments() -> Batch:
    """Two clips: a buzz of one pitch, then noise."""
    noise = torch.Generator().manual_seed(0)
    time = torch.arange(FRAMES * HOP_LENGTH) / 22_050
    f0 = torch.tensor([[200.0], [310.0]])
    wav = 0.3 * (2 * (f0 * time % 1) - 1)
    half = wav.shape[1] // 2
    wav[:, half:] = 0.03 * torch.randn(2, half, generator=noise)
    f0 = f0.repeat(1, FRAMES)
    f0[:, FRAMES // 2 :] = 0
    return {"ids": ["a", "b"], "wav": wav, "f0": f0, "frames": torch.tensor([FRAMES, FRAMES])}


def _flow_task(wavegan: Path, voice: str = "none", **sections: Any) -> LatentFlowTask:
    tree = {
        "system": "glow_wavegan",
        "part": "flow",
        "out_dir": "unused",
        "data": {"cuts": "unused", "wavegan": str(wavegan)},
        "model": flow_sizes(voice),
        "mel": MEL,
        **sections,
    }
    return LatentFlowTask(LatentFlowExperiment.model_validate(tree))


def test_the_autoencoder_learns_one_batch_by_heart() -> None:
    task = _wavegan_task()
    history = overfit(task, _segments(), steps=100, learning_rate=5e-3)
    assert {"mel", "spectral_convergence", "log_magnitude", "kl", "pitch", "voicing"} < set(history[0])
    assert {"adversarial", "feature_matching", "discriminator"} < set(history[0])
    for name, factor in (("mel", 0.4), ("pitch", 0.3), ("voicing", 0.4)):
        first, last = (sum(terms[name] for terms in part) for part in (history[:5], history[-5:]))
        assert last < factor * first, name


@pytest.mark.parametrize("voice", ["none", "reference"])
def test_the_flow_learns_one_batch_by_heart(voice: str, tmp_path: Path) -> None:
    task = _flow_task(write_wavegan(tmp_path / "wavegan"), voice)
    before = {name: tensor.clone() for name, tensor in task.wavegan.state_dict().items()}
    history = overfit(task, text_batch(), steps=60, learning_rate=1e-2)
    assert history[-1]["likelihood"] < history[0]["likelihood"] - 0.5
    assert history[-1]["duration"] < 0.5 * history[0]["duration"]
    assert all(torch.equal(tensor, before[name]) for name, tensor in task.wavegan.state_dict().items())


def test_the_flow_sees_samples_in_training_and_the_mean_otherwise(tmp_path: Path) -> None:
    task, batch = _flow_task(write_wavegan(tmp_path / "wavegan")), text_batch()
    mean = task.frames(batch, training=False)
    assert mean.shape == (2, 6, 48) and torch.equal(mean, task.frames(batch, training=False))
    assert not torch.equal(mean, task.frames(batch, training=True))


def test_pitch_is_learnt_where_it_is_voiced() -> None:
    f0 = torch.tensor([[100.0, 0.0, 200.0]])
    right = f0.clamp_min(1).log().unsqueeze(1)
    voicing = torch.tensor([[[50.0, -50.0, 50.0, -50.0]]])
    padded = torch.cat([right, torch.full((1, 1, 1), 9.0)], dim=2)  # a frame that F0 lacks
    losses = pitch_losses(padded, voicing, f0)
    assert losses["pitch"].item() == 0 and losses["voicing"].item() < 1e-6
    assert pitch_losses(padded + 1, voicing, f0)["pitch"].item() == pytest.approx(1)


def test_media_of_a_batch(tmp_path: Path) -> None:
    for task, batch in (
        (_wavegan_task(), _segments()),
        (_flow_task(write_wavegan(tmp_path / "wavegan")), text_batch()),
    ):
        engine = StepEngine(task, device="cpu")
        with torch.no_grad():
            assert engine.task.media(engine.inference_networks(), batch).figures


def test_a_wavegan_of_another_latent_is_refused(tmp_path: Path) -> None:
    task = _flow_task(write_wavegan(tmp_path / "wavegan"), mel=MEL | {"hop_length": 32})
    with pytest.raises(ConfigError, match="hop_length 32 against 16"):
        task.frames(text_batch(), training=True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"mel": MEL | {"hop_length": 32}}, "hop_length must be 16"),
        ({"features": {"pitch": PITCH | {"hop_seconds": 0.005}}}, "hop_seconds"),
        ({"model": WAVEGAN | {"latent_channels": 8}}, "in_channels must be latent_channels, 8"),
    ],
)
def test_sections_that_do_not_fit_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _wavegan_task(**wrong)
