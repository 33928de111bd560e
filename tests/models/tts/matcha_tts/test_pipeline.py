"""Tests of `hiervox.models.tts.matcha_tts.pipeline` at a tiny size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hiervox
from hiervox.models.base.pipelines.protocols import TextToSpeech
from hiervox.models.tts.matcha_tts.controls import MatchaControls
from hiervox.utils.errors import ConfigError
from tests.models.tts.matcha_tts.tiny_matcha_tts import write_matcha_tts

SPOKEN = np.random.default_rng(0).normal(0, 0.1, 22_050).astype(np.float32), 22_050
QUICK = MatchaControls(steps=2, scaling="none")


def test_it_speaks_with_the_folders_vocoder_or_without(tmp_path: Path) -> None:
    write_matcha_tts(tmp_path)
    pipeline = hiervox.load(tmp_path, device="cpu")
    assert isinstance(pipeline, TextToSpeech)
    speech = pipeline.tts("Hello there. And again!", controls=QUICK)
    assert speech.rate == 22_050 and np.isfinite(speech.wav).all() and len(speech.sentences) == 2
    alone = hiervox.load(tmp_path / "acoustic", device="cpu")
    other = alone.tts("Hello there. And again!", controls=QUICK)
    assert abs(other.wav.size - speech.wav.size) < 64 and not np.array_equal(other.wav, speech.wav)
    with pytest.raises(ConfigError, match="no pitch"):
        pipeline.tts("Hello.", f0=np.full(100, 100, np.float32))


def test_streams_and_batches_give_what_single_texts_give(tmp_path: Path) -> None:
    write_matcha_tts(tmp_path, "table")
    pipeline = hiervox.load(tmp_path, device="cpu")
    wav = pipeline.tts("Hello there.", "bob", QUICK).wav
    streamed = np.concatenate(list(pipeline.tts_stream("Hello there.", "bob", QUICK)))
    np.testing.assert_allclose(streamed, wav, atol=1e-5)
    batch = pipeline.tts_batch(["Hello there.", "A longer text of words."], ["bob", "ada"], QUICK)
    np.testing.assert_allclose(batch[0].wav, wav, atol=1e-4)
    assert not np.array_equal(pipeline.tts("Hello there.", "ada", QUICK).wav, wav)


def test_an_encoder_of_references_takes_any_voice(tmp_path: Path) -> None:
    write_matcha_tts(tmp_path, "reference")
    pipeline = hiervox.load(tmp_path, device="cpu")
    assert np.isfinite(pipeline.tts("Hello.", SPOKEN, QUICK).wav).all()
    with pytest.raises(ConfigError, match="no voice to speak in"):
        pipeline.tts("Hello.")
