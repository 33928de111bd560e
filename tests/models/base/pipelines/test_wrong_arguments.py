"""What Python's callers may give by mistake: every pipeline raises the package's own exceptions."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hiervox
from hiervox.models.codec.encodec.pipeline import EncodecPipeline
from hiervox.models.vocoder.pipeline import VocoderPipeline
from hiervox.models.vocoder.training import build_network
from hiervox.utils.errors import AudioError, ConfigError, DataError, HierVoxError, TextError
from tests.models.codec.encodec.tiny_encodec import tiny_encodec
from tests.models.tts.hierspeechpp.tiny_bundle import voice, write_tiny_bundle
from tests.models.vocoder.small import experiment

WAV = voice(1.0)
NO_WAVEFORMS: list[Any] = [None, "x", [0.1, 0.2], torch.from_numpy(WAV), np.float32(1), np.stack([WAV, WAV])]
NO_RATES: list[Any] = [0, -1, None, "16000", float("nan"), 16_000.0, True, 10**9]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = write_tiny_bundle(tmp_path_factory.mktemp("wrong") / "bundle")
    config = experiment("hifigan")
    network: Any = build_network(config)
    return {
        "tts": hiervox.load(folder, "tts", device="cpu"),
        "sr": hiervox.load(folder, "sr", device="cpu"),
        "vocoder": VocoderPipeline(network, config.mel),
        "codec": EncodecPipeline(tiny_encodec()),
    }


def _takers(opened: dict[str, Any]) -> list[Callable[[Any, Any], object]]:
    tts = opened["tts"]
    return [
        opened["sr"].upsample,
        opened["vocoder"].resynthesize,
        opened["vocoder"].mel_of,
        opened["codec"].encode,
        lambda wav, rate: tts.voice((wav, rate)),
        lambda wav, rate: tts.vc((wav, rate), (WAV, 16_000)),
        lambda wav, rate: tts.f0((wav, rate)),
    ]


def test_what_is_no_waveform_is_refused(opened: dict[str, Any]) -> None:
    for take in _takers(opened):
        for wav in NO_WAVEFORMS:
            with pytest.raises(AudioError):
                take(wav, 16_000)
        for rate in NO_RATES:
            with pytest.raises(AudioError):
                take(WAV, rate)


def test_what_is_no_spectrogram_and_no_code_is_refused(opened: dict[str, Any]) -> None:
    vocoder, codec = opened["vocoder"], opened["codec"]
    mel, codes = vocoder.mel_of(WAV, 16_000), codec.encode(WAV, 16_000)
    for wrong in (None, mel.tolist(), torch.from_numpy(mel), mel[0], mel[None], mel.astype(int)):
        for take in (vocoder.vocode, lambda mel: vocoder.vocode_batch([mel])):
            with pytest.raises(AudioError):
                take(wrong)
    with pytest.raises(ConfigError, match="0 frames"):
        list(vocoder.stream(mel, frames=0))
    for wrong in (None, codes.tolist(), torch.from_numpy(codes), codes > 0):
        with pytest.raises(DataError):
            codec.decode(wrong)


@pytest.mark.parametrize("text", [None, 3, b"Hi.", ["a", "b"], []])
def test_what_is_no_text_is_refused(opened: dict[str, Any], text: Any) -> None:
    with pytest.raises(TextError, match="is no text"):
        opened["tts"].tts(text, (WAV, 16_000))
    with pytest.raises(TextError):
        opened["tts"].tts_batch([text] if text != [] else None, (WAV, 16_000))


@pytest.mark.parametrize("wrong", [3, ["a"], {"style": 1}])
def test_what_is_no_voice_is_refused(opened: dict[str, Any], wrong: Any) -> None:
    with pytest.raises(HierVoxError):
        opened["tts"].voice(wrong)


@pytest.mark.parametrize("name", ["tts", "sr", "vocoder", "codec"])
def test_a_pipeline_says_that_it_is_not_pickled(opened: dict[str, Any], name: str) -> None:
    for copied in (pickle.dumps, copy.deepcopy):
        with pytest.raises(ConfigError, match="open it in each process"):
            copied(opened[name])
