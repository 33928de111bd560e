"""Tests of `hiervox.models.tts.vits.pipeline` at a tiny size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hiervox
from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.base.pipelines.protocols import TextToSpeech, VoiceConversion
from hiervox.models.base.pipelines.voice import mix_voices
from hiervox.models.tts._vae.pipeline import EDGE_FRAMES, LatentSynthesizer
from hiervox.models.tts.vits.controls import VitsControls
from hiervox.utils.errors import ConfigError
from tests.models.tts.conversion_windows import most_frames_in_windows
from tests.models.tts.vits.test_task import MEL
from tests.models.tts.vits.tiny_vits import sizes, tiny_vits

SPOKEN = np.random.default_rng(0).normal(0, 0.1, 22_050).astype(np.float32), 22_050
QUIET = VitsControls(speed=0.2)


def write_vits(folder: Path, voice: str = "none") -> Path:
    network = tiny_vits(voice)
    with torch.no_grad():
        network.decoder.output.weight *= 20  # loud enough for the checks
    folder.mkdir(exist_ok=True)
    tree: dict[str, Any] = {"system": "vits", "part": "vits", "model": sizes(voice), "mel": MEL}
    save_weights(folder, network.state_dict(), tree)
    return folder


def _pipeline(folder: Path, voice: str = "none") -> Any:
    return hiervox.load(write_vits(folder, voice), device="cpu")


def test_it_speaks_in_its_only_voice(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path)
    assert isinstance(pipeline.synthesizer, LatentSynthesizer) and isinstance(pipeline, TextToSpeech)
    speech = pipeline.tts("Hello there. And again!", controls=QUIET)
    assert speech.rate == 22_050 and np.isfinite(speech.wav).all()
    assert len(speech.sentences) == 2
    assert sum(speech.sentences[0].durations) * 16 <= speech.sentences[0].wav.size
    again = pipeline.tts("Hello there. And again!", controls=QUIET)
    assert np.array_equal(again.wav, speech.wav)


def test_what_it_can_not_do_is_one_line(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path)
    with pytest.raises(ConfigError, match="takes no recordings as prompts"):
        pipeline.tts("Hello.", voice=SPOKEN)
    with pytest.raises(ConfigError, match="one voice"):
        pipeline.vc(SPOKEN)
    with pytest.raises(ConfigError, match="no pitch"):
        pipeline.tts("Hello.", f0=np.full(100, 100, np.float32))


def test_a_sound_of_a_few_samples_has_a_spectrogram(tmp_path: Path) -> None:
    assert _pipeline(tmp_path).mel(np.ones(5, np.float32)).shape == (10, 2)


def test_streams_and_batches_give_what_single_texts_give(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path, "table")
    plain = VitsControls(speed=0.2, scaling="none")
    wav = pipeline.tts("Hello there.", "bob", plain).wav
    streamed = np.concatenate(list(pipeline.tts_stream("Hello there.", "bob", plain)))
    np.testing.assert_allclose(streamed, wav, atol=1e-5)
    batch = pipeline.tts_batch(["Hello there.", "A longer text of more words."], ["bob", "ada"], plain)
    np.testing.assert_allclose(batch[0].wav, wav, atol=1e-4)
    assert not np.array_equal(pipeline.tts("Hello there.", "ada", plain).wav, wav)


def test_speakers_are_converted_and_mixed(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path, "table")
    assert isinstance(pipeline, VoiceConversion)
    converted = pipeline.vc(SPOKEN, "bob", VitsControls(source_speaker="ada"))
    assert abs(converted.wav.size - SPOKEN[0].size) < 16
    with pytest.raises(ConfigError, match="set source_speaker to one of ada, bob"):
        pipeline.vc(SPOKEN, "bob")
    voices = [pipeline.voice(name) for name in ("ada", "bob")]
    mixed = pipeline.tts("Hello.", mix_voices(voices, [1, 1]), QUIET)
    assert np.isfinite(mixed.wav).all()


def test_an_encoder_of_references_takes_any_voice(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path, "reference")
    assert np.isfinite(pipeline.tts("Hello.", SPOKEN, QUIET).wav).all()
    assert np.isfinite(pipeline.vc(SPOKEN, SPOKEN).wav).all()
    with pytest.raises(ConfigError, match="no voice to speak in"):
        pipeline.tts("Hello.")


@pytest.mark.parametrize("noise_scale", [0.0, 1.0])
def test_a_long_recording_is_converted_in_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noise_scale: float
) -> None:
    pipeline = _pipeline(tmp_path, "table")
    controls = VitsControls(source_speaker="ada", conversion_noise_scale=noise_scale)
    network = pipeline.synthesizer.network
    most = most_frames_in_windows(pipeline, network, SPOKEN, controls, monkeypatch)
    assert most <= 200 + 2 * (network.conversion_context + network.decoder.context + EDGE_FRAMES)
