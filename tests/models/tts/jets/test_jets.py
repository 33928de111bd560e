"""Tests of JETS at a tiny size; agreement with published code is a golden case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hiervox
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.pipelines.protocols import TextToSpeech
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.tts._variance.durations import gaussian_upsampling
from hiervox.models.tts.jets.aligner import beta_binomial_prior
from hiervox.models.tts.jets.config import JetsExperiment
from hiervox.models.tts.jets.controls import JetsControls
from hiervox.models.tts.jets.task import JetsTask
from hiervox.modules.functional.masking import sequence_mask
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.errors import ConfigError
from tests.models.tts.jets.tiny_jets import HOP_LENGTH, MEL, sizes, tiny_jets, write_jets
from tests.overfit import overfit


def _task(voice: str = "none", model: dict[str, Any] | None = None, **sections: Any) -> JetsTask:
    tree = {
        "system": "jets",
        "part": "jets",
        "out_dir": "unused",
        "data": {"cuts": "unused"},
        "model": sizes(voice) | (model or {}),
        "mel": MEL,
        "discriminators": {"period": {"type": "multi_period", "periods": [2, 3], "channels": [4, 8]}},
        **sections,
    }
    return JetsTask(JetsExperiment.model_validate(tree))


def _batch(task: JetsTask) -> Batch:
    """Two clips of tones, one a token, twelve frames to a token."""
    tokens = torch.tensor([[5, 9, 7, 5], [9, 7, 0, 0]])
    lengths = torch.tensor([4, 2])
    samples = 12 * HOP_LENGTH
    time = torch.arange(4 * samples) / 22_050
    pitch = (300.0 * tokens).repeat_interleave(samples, 1)
    wav = 0.3 * torch.sin(2 * torch.pi * pitch * time)
    wav[1, 2 * samples :] = 0
    mel = log_mel(wav, task.config.mel)
    return {
        "ids": ["long", "short"],
        "wav": wav,
        "mel": mel,
        "tokens": tokens,
        "token_lengths": lengths,
        "frames": 12 * lengths,
        "f0": pitch[:, ::HOP_LENGTH] * (wav[:, 1::HOP_LENGTH] != 0),
        "energy": mel.exp().norm(dim=1),
        "speaker": torch.tensor([0, 1]),
    }


def test_one_batch_is_learnt_by_heart_and_its_alignment_found() -> None:
    task = _task("table")
    batch = _batch(task)
    history = overfit(task, batch, steps=100, learning_rate=1e-2)
    own = {"mel", "duration", "pitch", "energy", "forward_sum", "binarization"}
    assert set(history[0]) == own | {"adversarial", "feature_matching", "discriminator"}
    for term in ("mel", "duration", "forward_sum", "binarization"):
        first, last = (sum(terms[term] for terms in part) for part in (history[:10], history[-10:]))
        assert last < 0.85 * first, term


@pytest.mark.parametrize("gaussian_upsampling", [True, False])
def test_a_training_pass_reaches_every_weight(gaussian_upsampling: bool) -> None:
    task = _task("reference", {"gaussian_upsampling": gaussian_upsampling})
    batch = _batch(task)
    network = task.build_generator().train()
    generated = task.generate(network, batch)
    assert generated.real.shape == generated.fake.shape == (2, 1, 8 * HOP_LENGTH)
    start = int(generated.extras.starts[0]) * HOP_LENGTH
    assert torch.equal(generated.real[0, 0], batch["wav"][0, start : start + 8 * HOP_LENGTH])
    assert generated.extras.alignment.sum((1, 2)).tolist() == [48, 24]
    sum(task.reconstruction_losses(batch, generated, 0).values()).backward()
    assert [name for name, parameter in network.named_parameters() if parameter.grad is None] == []


def test_media_of_a_batch() -> None:
    engine = StepEngine(_task(), device="cpu")
    with torch.no_grad():
        media = engine.task.media(engine.inference_networks(), _batch(engine.task))
    assert "recorded" in media.audio and "alignment" in media.figures


def test_the_prior_is_a_band_along_the_diagonal() -> None:
    mask, token_mask = sequence_mask(torch.tensor([40, 12])), sequence_mask(torch.tensor([10, 3]))
    prior = beta_binomial_prior(mask, token_mask).exp()
    assert prior[0, 0].argmax() == 0 and prior[0, 39].argmax() == 9 and 4 <= prior[0, 20].argmax() <= 5
    assert prior[1, 12:].max() == prior[1, :, 3:].max() == 0
    assert prior.sum(2).max() <= 1 + 1e-6 and prior.sum(2)[0, 39] < 0.5


def test_gaussian_upsampling_mixes_neighbours_and_ends_with_an_item() -> None:
    tokens = torch.eye(3)[None].repeat(2, 1, 1)
    frames = gaussian_upsampling(tokens, torch.tensor([[4, 0, 4], [2, 3, 0]]))
    assert frames.shape == (2, 3, 8)
    torch.testing.assert_close(frames[0].sum(0), torch.ones(8))
    assert frames[0, 1].max() == 0 and frames[1, :, 5:].max() == 0
    assert frames[0, 0, 0] > 0.5 > frames[0, 0, 7] > 0


def test_it_speaks_streams_and_follows_its_controls(tmp_path: Path) -> None:
    write_jets(tmp_path, "table")
    pipeline = hiervox.load(tmp_path, device="cpu")
    assert isinstance(pipeline, TextToSpeech)
    plain = JetsControls(scaling="none")
    speech = pipeline.tts("Hello there.", "bob", plain)
    assert speech.rate == 22_050 and np.isfinite(speech.wav).all() and speech.wav.any()
    assert speech.f0 is not None and speech.f0.max() > 100
    streamed = np.concatenate(list(pipeline.tts_stream("Hello there.", "bob", plain)))
    np.testing.assert_allclose(streamed, speech.wav, atol=1e-5)
    slow = pipeline.tts("Hello there.", "bob", JetsControls(speed=0.5))
    assert slow.wav.size > 1.5 * speech.wav.size
    higher = pipeline.tts("Hello there.", "bob", JetsControls(semitones=12))
    assert higher.f0 is not None and higher.f0.max() > 1.5 * speech.f0.max()
    batch = pipeline.tts_batch(["Hello there.", "A longer text of more words."], ["bob", "ada"], plain)
    np.testing.assert_allclose(batch[0].wav, speech.wav, atol=1e-4)


def test_it_converts_nothing(tmp_path: Path) -> None:
    write_jets(tmp_path)
    with pytest.raises(ConfigError, match="convert"):
        hiervox.load(tmp_path, device="cpu").vc((np.zeros(22_050, np.float32), 22_050))


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"mel": MEL | {"hop_length": 32}}, "hop_length"),
        ({"model": {"channels": 16, "style_channels": 16}}, "generator.in_channels"),
        ({"model": {"pitch": {"embedding": "convolution", "kernel_size": 2}}}, "must be odd"),
    ],
)
def test_sections_that_do_not_fit_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _task(**wrong)


def test_the_generator_is_apart_from_the_rest() -> None:
    network = tiny_jets()
    hidden = torch.randn(1, 8, 12)
    assert network.generator(network.frames(hidden)).shape == (1, 1, 12 * HOP_LENGTH)
