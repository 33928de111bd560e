from __future__ import annotations

import numpy as np
import pytest
import soundfile

from hiervox.models.base.pipelines import prompt
from hiervox.models.base.pipelines.prompt import prepare_recording
from hiervox.utils.errors import AudioError
from tests.models.tts.hierspeechpp.tiny_bundle import voice


def test_a_recording_comes_to_16_khz_at_its_own_level() -> None:
    wav = voice(1.0)
    assert prepare_recording(wav, 16000, "it") is wav
    narrow = prepare_recording(np.repeat(wav, 3), 48000, "it")
    assert len(narrow) == 16000
    assert np.abs(narrow).max() == pytest.approx(np.abs(wav).max(), rel=0.1)


@pytest.mark.parametrize(
    ("wav", "message"),
    [
        (np.zeros(16000, np.float32), "a.wav is silent"),
        (1e-4 * voice(1.0), "a.wav is silent"),
        (voice(0.2), "a.wav is too short: 0.20 s"),
        (np.full(16000, np.nan, np.float32), "a.wav holds a NaN"),
    ],
)
def test_what_holds_no_voice_is_refused(wav, message) -> None:
    with pytest.raises(AudioError, match=message):
        prepare_recording(wav, 16000, "a.wav")


def test_a_long_prompt_is_cropped_and_that_is_said(monkeypatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(prompt._log, "warning", lambda line, *parts: said.append(line % parts))
    wav = np.tile(voice(1.0), 23)
    assert prompt.prepare_prompt(wav, 8000, "x.wav").size == 30 * 16000
    assert said[0] == "x.wav is cropped to its first 30 of 46.0 s"
    prompt.prepare_prompt(wav[: 30 * 8000], 8000, "x.wav")
    prompt.prepare_prompt(wav, 8000, "x.wav")
    assert sum("cropped" in line for line in said) == 1


@pytest.mark.parametrize("hertz", [0.0, 220.0])
def test_a_prompt_that_is_no_speech_is_doubted_once(monkeypatch, hertz: float) -> None:
    said: list[str] = []
    monkeypatch.setattr(prompt._log, "warning", lambda line, *parts: said.append(line % parts))
    wav = (0.3 * np.cos(2 * np.pi * hertz * np.arange(32000) / 16000)).astype(np.float32)
    for _ in range(2):
        prompt.prepare_prompt(wav, 16000, f"tone of {hertz}.wav")
    (line,) = said
    assert line.startswith(f"tone of {hertz}.wav seems to hold no speech (")


def test_a_file_of_hours_is_no_prompt(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(prompt, "REFUSED_SECONDS", 2.0)
    soundfile.write(tmp_path / "x.wav", 0.1 * np.ones(16000), 8000)
    assert prompt.read_prompt(tmp_path / "x.wav")[1] == 8000
    soundfile.write(tmp_path / "x.wav", 0.1 * np.ones(16800), 8000)
    with pytest.raises(AudioError, match=r"x\.wav is too long for a prompt: 2 s: cut out"):
        prompt.read_prompt(tmp_path / "x.wav")


@pytest.mark.parametrize(("seconds", "copies"), [(0.5, 10), (1.0, 5), (2.0, 3), (2.9, 2), (3.0, 1), (9.0, 1)])
def test_short_prompts_are_replicated_whole(seconds, copies) -> None:
    wav = np.arange(int(seconds * 16000), dtype=np.float32)
    np.testing.assert_array_equal(prompt.replicate_prompt(wav), np.tile(wav, copies))


@pytest.mark.parametrize(
    ("kind", "middle", "scale"), [("int16", 0, 2**15), ("int32", 0, 2**31), ("uint8", 128, 2**7)]
)
def test_pcm_is_scaled_by_its_kind(kind: str, middle: int, scale: int) -> None:
    wav = voice(1.0)
    pcm = (wav.astype(np.float64) * scale + middle).round().clip(max=np.iinfo(kind).max).astype(kind)
    found = prepare_recording(pcm, 16000, "it")
    assert found.dtype == np.float32
    assert np.abs(found - wav).max() <= 1.01 / scale + 1e-7
    for other in (np.int64, np.complex64, bool):
        with pytest.raises(AudioError, match=r"it: samples of .* have no full scale"):
            prepare_recording(wav.astype(other), 16000, "it")
