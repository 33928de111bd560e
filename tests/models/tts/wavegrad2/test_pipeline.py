"""Tests of `hiervox.models.tts.wavegrad2.pipeline` at a tiny size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hiervox
from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.base.pipelines.protocols import TextToSpeech
from hiervox.models.tts.wavegrad2.controls import WaveGrad2Controls
from hiervox.models.tts.wavegrad2.pipeline import WaveGrad2Synthesizer
from hiervox.utils.errors import ConfigError
from tests.models.tts.wavegrad2.tiny_wavegrad2 import MEL, RATE, sizes, tiny_wavegrad2

SPOKEN = np.random.default_rng(0).normal(0, 0.1, 22_050).astype(np.float32), 22_050
PLAIN = WaveGrad2Controls(scaling="none")


def write_model(folder: Path, voice: str = "none") -> None:
    """A checkpoint with random weights."""
    folder.mkdir(parents=True, exist_ok=True)
    tree: dict[str, Any] = {"system": "wavegrad2", "part": "wavegrad2", "model": sizes(voice), "mel": MEL}
    save_weights(folder, tiny_wavegrad2(voice).state_dict(), tree)


def _pipeline(folder: Path, voice: str = "none") -> Any:
    write_model(folder, voice)
    return hiervox.load(folder, device="cpu")


def test_it_speaks_in_its_only_voice(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path)
    assert isinstance(pipeline.synthesizer, WaveGrad2Synthesizer) and isinstance(pipeline, TextToSpeech)
    speech = pipeline.tts("Hello there. And again!")
    assert speech.rate == RATE and np.isfinite(speech.wav).all()
    assert len(speech.sentences) == 2 and speech.sentences[0].alignment is not None
    assert np.array_equal(pipeline.tts("Hello there. And again!").wav, speech.wav)
    more = pipeline.tts("Hello there. And again!", controls=WaveGrad2Controls(steps=5))
    assert more.wav.shape == speech.wav.shape and not np.array_equal(more.wav, speech.wav)
    slow = pipeline.tts("Hello there.", controls=WaveGrad2Controls(speed=0.5))
    assert slow.wav.size > 1.5 * pipeline.tts("Hello there.").wav.size


def test_what_it_can_not_do_is_one_line(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path)
    with pytest.raises(ConfigError, match="takes no recordings as prompts"):
        pipeline.tts("Hello.", voice=SPOKEN)
    with pytest.raises(ConfigError, match="no pitch"):
        pipeline.tts("Hello.", f0=np.full(100, 100, np.float32))
    with pytest.raises(ConfigError, match="the model has 1000 steps"):
        pipeline.tts("Hello.", controls=WaveGrad2Controls(steps=1001))


def test_streams_and_batches_give_what_single_texts_give(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path, "table")
    wav = pipeline.tts("Hello there.", "bob", PLAIN).wav
    streamed = np.concatenate(list(pipeline.tts_stream("Hello there.", "bob", PLAIN)))
    np.testing.assert_allclose(streamed, wav, atol=1e-5)
    batch = pipeline.tts_batch(["Hello there.", "A longer text of more words."], ["bob", "ada"], PLAIN)
    np.testing.assert_allclose(batch[0].wav, wav, atol=1e-4)
    assert not np.array_equal(pipeline.tts("Hello there.", "ada", PLAIN).wav, wav)


def test_an_encoder_of_references_takes_any_voice(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path, "reference")
    assert np.isfinite(pipeline.tts("Hello.", SPOKEN).wav).all()
    with pytest.raises(ConfigError, match="no voice to speak in"):
        pipeline.tts("Hello.")
