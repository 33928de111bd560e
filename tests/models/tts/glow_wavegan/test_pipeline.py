"""Tests of `hiervox.models.tts.glow_wavegan.pipeline` at a tiny size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hiervox
from hiervox.models.base.pipelines.protocols import TextToSpeech, VoiceConversion
from hiervox.models.tts.glow_wavegan.controls import GlowWaveGanControls
from hiervox.models.tts.glow_wavegan.pipeline import GlowWaveGanSynthesizer
from hiervox.utils.errors import ConfigError
from tests.models.tts.conversion_windows import most_frames_in_windows
from tests.models.tts.glow_wavegan.tiny_glow_wavegan import write_glow_wavegan

SPOKEN = np.random.default_rng(0).normal(0, 0.1, 22_050).astype(np.float32), 22_050
SLOW = GlowWaveGanControls(speed=0.1, scaling="none")


def _pipeline(folder: Path, voice: str) -> Any:
    write_glow_wavegan(folder, voice)
    return hiervox.load(folder, device="cpu")


def test_streams_and_batches_give_what_single_texts_give(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path, "table")
    assert isinstance(pipeline.synthesizer, GlowWaveGanSynthesizer) and isinstance(pipeline, TextToSpeech)
    speech = pipeline.tts("Hello there.", "bob", SLOW)
    assert speech.rate == 22_050 and np.isfinite(speech.wav).all()
    assert sum(speech.sentences[0].durations) * 16 <= speech.wav.size
    streamed = np.concatenate(list(pipeline.tts_stream("Hello there.", "bob", SLOW)))
    np.testing.assert_allclose(streamed, speech.wav, atol=1e-5)
    batch = pipeline.tts_batch(["Hello there.", "A longer text of words."], ["bob", "ada"], SLOW)
    np.testing.assert_allclose(batch[0].wav, speech.wav, atol=1e-4)
    assert not np.array_equal(pipeline.tts("Hello there.", "ada", SLOW).wav, speech.wav)


def test_speakers_are_converted(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path, "table")
    assert isinstance(pipeline, VoiceConversion)
    same = pipeline.vc(SPOKEN, "ada", GlowWaveGanControls(source_speaker="ada", scaling="none"))
    other = pipeline.vc(SPOKEN, "bob", GlowWaveGanControls(source_speaker="ada", scaling="none"))
    assert abs(same.wav.size - SPOKEN[0].size) < 32 and not np.array_equal(same.wav, other.wav)
    with pytest.raises(ConfigError, match="set source_speaker to one of ada, bob"):
        pipeline.vc(SPOKEN, "bob")


def test_a_long_recording_is_converted_in_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = _pipeline(tmp_path, "table")
    flow = pipeline.synthesizer.flow.network
    controls = GlowWaveGanControls(source_speaker="ada")
    assert most_frames_in_windows(pipeline, flow, SPOKEN, controls, monkeypatch) < 400


def test_an_encoder_of_latents_takes_any_voice(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path, "reference")
    assert np.isfinite(pipeline.tts("Hello.", SPOKEN, SLOW).wav).all()
    assert np.isfinite(pipeline.vc(SPOKEN, SPOKEN).wav).all()


def test_one_voice_is_not_converted(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path, "none")
    assert np.isfinite(pipeline.tts("Hello there.", controls=SLOW).wav).all()
    with pytest.raises(ConfigError, match="one voice"):
        pipeline.vc(SPOKEN)
