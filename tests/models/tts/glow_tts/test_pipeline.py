"""Tests of `hiervox.models.tts.glow_tts.pipeline` at a tiny size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hiervox
from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.base.pipelines.protocols import TextToSpeech
from hiervox.models.tts._flow.pipeline import FlowAcoustic
from hiervox.models.tts.glow_tts.controls import GlowTtsControls
from hiervox.models.vocoder.training import build_network
from hiervox.utils.errors import ConfigError
from tests.models.tts.glow_tts.tiny_glow_tts import MEL, sizes, tiny_glow_tts
from tests.models.vocoder.small import MODELS, experiment

SPOKEN = np.random.default_rng(0).normal(0, 0.1, 22_050).astype(np.float32), 22_050
SLOW = GlowTtsControls(speed=0.1, scaling="none")


def write_glow_tts(folder: Path, voice: str = "none") -> None:
    """A bundle of the acoustic model and a vocoder."""
    acoustic, vocoder = folder / "acoustic", folder / "vocoder"
    acoustic.mkdir(parents=True)
    vocoder.mkdir()
    tree = {"system": "glow_tts", "part": "glow_tts", "model": sizes(voice), "mel": MEL}
    save_weights(acoustic, tiny_glow_tts(voice).state_dict(), tree)
    torch.manual_seed(0)
    model = {**MODELS["hifigan"], "in_channels": MEL["n_mels"]}
    config = experiment("hifigan", mel=MEL, model=model)
    save_weights(vocoder, build_network(config).state_dict(), config.model_dump(mode="json"))


def _pipeline(folder: Path, voice: str = "none") -> Any:
    write_glow_tts(folder, voice)
    return hiervox.load(folder, device="cpu")


def test_it_speaks_with_the_folders_vocoder_or_without(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path)
    assert isinstance(pipeline.synthesizer.acoustic_model, FlowAcoustic) and isinstance(
        pipeline, TextToSpeech
    )
    speech = pipeline.tts("Hello there. And again!", controls=SLOW)
    assert speech.rate == 22_050 and np.isfinite(speech.wav).all() and len(speech.sentences) == 2
    alone = hiervox.load(tmp_path / "acoustic", device="cpu")
    other = alone.tts("Hello there. And again!", controls=SLOW)
    assert abs(other.wav.size - speech.wav.size) < 64 and not np.array_equal(other.wav, speech.wav)
    with pytest.raises(ConfigError, match="no pitch"):
        pipeline.tts("Hello.", f0=np.full(100, 100, np.float32))


def test_streams_and_batches_give_what_single_texts_give(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path, "table")
    wav = pipeline.tts("Hello there.", "bob", SLOW).wav
    streamed = np.concatenate(list(pipeline.tts_stream("Hello there.", "bob", SLOW)))
    np.testing.assert_allclose(streamed, wav, atol=1e-5)
    batch = pipeline.tts_batch(["Hello there.", "A longer text of words."], ["bob", "ada"], SLOW)
    np.testing.assert_allclose(batch[0].wav, wav, atol=1e-4)
    assert not np.array_equal(pipeline.tts("Hello there.", "ada", SLOW).wav, wav)


def test_an_encoder_of_references_takes_any_voice(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path, "reference")
    assert np.isfinite(pipeline.tts("Hello.", SPOKEN, SLOW).wav).all()
    with pytest.raises(ConfigError, match="no voice to speak in"):
        pipeline.tts("Hello.")
