from __future__ import annotations

import sys
import types
from pathlib import Path

import librosa
import numpy as np
import pytest
import torch
from pydantic import ValidationError
from safetensors.numpy import load_file
from scipy.signal import lfilter

from hiervox.processors.pitch import PitchConfig, extract_f0, fit_length, log_f0, pitch_level, quick_pitch
from hiervox.processors.yin import centred_frames, yin
from hiervox.utils.errors import AudioError, DependencyError

RATE = 16000
METHODS = ["yaapt", "dio", "harvest", "praat"]


def vowel(hertz: float = 150.0, seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    """A pulse train through a resonance at 700 Hz, its first and last tenth silent."""
    phase = hertz * np.arange(int(seconds * rate)) / rate
    pulses = (np.diff(np.floor(phase), prepend=0) > 0).astype(float)
    radius = np.exp(-np.pi * 120 / rate)
    wav = lfilter([1.0], [1, -2 * radius * np.cos(2 * np.pi * 700 / rate), radius**2], pulses)
    edge = len(wav) // 10
    wav[:edge] = wav[-edge:] = 0
    return 0.5 * wav / np.abs(wav).max()


def test_yaapt_agrees_with_the_published_track(shared: Path) -> None:
    golden = load_file(shared / "parity" / "official" / "real_audio.safetensors")
    f0 = extract_f0(golden["wav"][0], RATE, PitchConfig(), "speech")
    assert f0.shape == golden["yaapt_f0_hz"].shape
    assert np.abs(f0 - golden["yaapt_f0_hz"]).max() < 1e-3 * golden["yaapt_f0_hz"].std()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rate", [16000, 24000])
def test_finds_the_pitch_of_a_vowel(method: str, rate: int) -> None:
    f0 = extract_f0(vowel(rate=rate), rate, PitchConfig(method=method), "vowel")
    assert (f0.shape, f0.dtype) == ((200,), np.float32)
    middle = f0[30:170]
    assert np.median(middle[middle > 0]) == pytest.approx(150, rel=0.015)  # YAAPT counts in whole samples
    assert (middle > 0).mean() > 0.9
    assert (f0[:10] == 0).all() and (f0[-10:] == 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_one_value_every_five_milliseconds(method: str) -> None:
    for samples in (12800, 12960, 13039):
        f0 = extract_f0(vowel()[:samples], RATE, PitchConfig(method=method), "vowel")
        assert len(f0) == samples // 80


def test_the_range_is_obeyed() -> None:
    f0 = extract_f0(vowel(300.0), RATE, PitchConfig(method="harvest", f_max=200.0), "vowel")
    assert f0.max() < 220


def test_an_unvoiced_recording_is_all_zeros_and_no_error() -> None:
    hiss = 0.1 * np.random.default_rng(0).standard_normal(RATE)
    assert not extract_f0(hiss, RATE, PitchConfig(method="harvest"), "hiss").any()


@pytest.mark.parametrize("method", METHODS)
def test_silence_and_nan_are_errors_that_name_the_recording(method: str) -> None:
    for wav, problem in ((np.zeros(RATE), "silent"), (np.full(RATE, np.nan), "NaN")):
        with pytest.raises(AudioError, match=rf"clip7\.wav.*{problem}"):
            extract_f0(wav, RATE, PitchConfig(method=method), "clip7.wav")


def test_a_tracker_that_fails_is_never_silent() -> None:
    with pytest.raises(AudioError, match=r"clip7\.wav: yaapt can't track"):
        extract_f0(vowel()[4000:4200], RATE, PitchConfig(), "clip7.wav")


def test_an_unusable_track_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for track in (np.full(200, np.nan), np.zeros(150)):
        monkeypatch.setattr("hiervox.processors.pitch._world", lambda wav, rate, config, track=track: track)
        with pytest.raises(AudioError, match=r"clip7\.wav: dio gave an unusable"):
            extract_f0(vowel(), RATE, PitchConfig(method="dio"), "clip7.wav")


def test_crepe_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchcrepe", None)
    with pytest.raises(DependencyError, match="pip install torchcrepe"):
        extract_f0(vowel(), RATE, PitchConfig(method="crepe"), "vowel")


def test_crepe_frames_of_low_periodicity_are_unvoiced(monkeypatch: pytest.MonkeyPatch) -> None:
    def predict(
        audio: torch.Tensor, rate: int, hop_length: int, **options: object
    ) -> tuple[torch.Tensor, ...]:
        frames = 1 + audio.shape[-1] // hop_length
        periodicity = torch.where(torch.arange(frames) < 50, 0.1, 0.9)
        return torch.full((1, frames), 150.0), periodicity[None]

    monkeypatch.setitem(sys.modules, "torchcrepe", types.SimpleNamespace(predict=predict))
    f0 = extract_f0(vowel(rate=24000), 24000, PitchConfig(method="crepe"), "vowel")
    assert f0.tolist() == [0.0] * 50 + [150.0] * 150


def test_helpers() -> None:
    f0 = np.array([0.0, 99.0], np.float32)
    assert np.allclose(log_f0(f0), [0, np.log(100)])
    assert torch.allclose(log_f0(torch.from_numpy(f0)), torch.tensor([0, 100.0]).log().clamp(min=0))
    assert fit_length(f0, 4).tolist() == [0, 99, 0, 0]
    assert fit_length(f0, 1).tolist() == [0]
    with pytest.raises(ValidationError, match="f_min"):
        PitchConfig(f_min=500, f_max=400)


def test_octave_errors_leave_the_level_alone() -> None:
    rng = np.random.default_rng(0)
    f0 = np.where(rng.random(2000) < 0.3, 0, rng.normal(200, 20, 2000)).astype(np.float32)
    median, deviation = pitch_level(f0)
    assert median == pytest.approx(200, rel=0.02) and deviation == pytest.approx(20, rel=0.1)
    f0[::10] *= 2
    assert pitch_level(f0)[0] == pytest.approx(200, rel=0.03)
    assert pitch_level(np.zeros(5, np.float32)) == (0.0, 0.0)


def test_yin_is_that_of_librosa() -> None:
    rng = np.random.default_rng(0)
    f0 = np.linspace(80, 300, 2 * RATE) + 10 * np.sin(np.arange(2 * RATE) / 800)
    wav = np.sin(2 * np.pi * np.cumsum(f0) / RATE) ** 3 * np.linspace(0, 1, f0.size) + rng.normal(
        0, 0.02, f0.size
    )
    wav = wav.astype(np.float32)
    wanted = librosa.yin(wav, fmin=60, fmax=500, sr=RATE, frame_length=1024, hop_length=320)
    frames = centred_frames(wav, 1024, 320)
    np.testing.assert_allclose(yin(frames, RATE, 60, 500), wanted, rtol=1e-4)
    levels = librosa.feature.rms(y=wav, frame_length=1024, hop_length=320)[0]
    np.testing.assert_allclose(np.sqrt(np.mean(frames**2, axis=1)), levels, rtol=1e-4)


def test_the_quick_tracker_finds_the_level_of_a_noisy_voice() -> None:
    time = np.arange(2 * RATE) / RATE
    for f0 in (90.0, 240.0):
        voice = sum(np.sin(2 * np.pi * f0 * n * time) / n for n in range(1, 12)) * (time < 1.5)
        noise = np.random.default_rng(0).normal(0, 0.05, time.size)
        track = quick_pitch((0.1 * voice + 0.1 * noise).astype(np.float32), RATE)
        assert abs(track.size - 100) <= 1 and not track[85:].any()  # quiet
        assert pitch_level(track)[0] == pytest.approx(f0, rel=0.02)
    assert not quick_pitch(np.zeros(RATE, np.float32), RATE).any()
    assert quick_pitch(np.zeros(100, np.float32), RATE).size == 0
