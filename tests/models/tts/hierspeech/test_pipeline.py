"""Tests of `hiervox.models.tts.hierspeech.pipeline` at a tiny size; VITS's test what both share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hiervox
from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.base.pipelines.protocols import TextToSpeech, VoiceConversion
from hiervox.models.tts.hierspeech.controls import HierSpeechControls
from hiervox.utils.errors import ConfigError
from tests.models.tts.conversion_windows import most_frames_in_windows
from tests.models.tts.hierspeech.tiny_hierspeech import HOP_LENGTH, MEL, RATE, sizes, tiny_hierspeech

SPOKEN = np.random.default_rng(0).normal(0, 0.1, 3200).astype(np.float32), 1600


def write_hierspeech(folder: Path, **more: Any) -> None:
    """A checkpoint of two voices."""
    network = tiny_hierspeech("table", **more)
    with torch.no_grad():
        network.decoder.output.weight *= 20  # loud enough for the checks
    tree = {"system": "hierspeech", "part": "hierspeech", "model": sizes("table", **more), "mel": MEL}
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(folder, network.state_dict(), tree)


def _pipeline(folder: Path, **more: Any) -> Any:
    write_hierspeech(folder, **more)
    return hiervox.load(folder, device="cpu")


def test_it_speaks_and_converts(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path)
    assert isinstance(pipeline, TextToSpeech) and isinstance(pipeline, VoiceConversion)
    speech = pipeline.tts("Hello there.", "bob", HierSpeechControls(speed=0.2))
    assert speech.rate == 1600 and np.isfinite(speech.wav).all() and speech.wav.any()
    converted = pipeline.vc(SPOKEN, "bob", HierSpeechControls(source_speaker="ada"))
    assert abs(converted.wav.size - SPOKEN[0].size) < 32 and converted.wav.any()


def test_a_long_recording_is_converted_in_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = _pipeline(tmp_path)
    wav = np.random.default_rng(0).normal(0, 0.1, 700 * HOP_LENGTH + 5).astype(np.float32)
    controls = HierSpeechControls(source_speaker="ada")
    network = pipeline.synthesizer.network
    assert most_frames_in_windows(pipeline, network, (wav, RATE), controls, monkeypatch) < 400


def test_without_an_acoustic_latent_it_only_speaks(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path, acoustic=False)
    assert pipeline.tts("Hello there.", "bob", HierSpeechControls(speed=0.2)).wav.any()
    with pytest.raises(ConfigError, match="convert"):
        pipeline.vc(SPOKEN, "bob", HierSpeechControls(source_speaker="ada"))
