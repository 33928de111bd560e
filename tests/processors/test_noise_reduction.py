"""Stationary noise goes, speech stays."""

from __future__ import annotations

import numpy as np
import pytest

from hiervox.processors.noise_reduction import N_FFT, reduce_noise

RATE = 16_000


def level(wav: np.ndarray) -> float:
    """In dB."""
    return 10 * float(np.log10(np.mean(np.square(wav))))


def bursts() -> np.ndarray:
    """Four seconds of a 400 Hz tone that sounds every other quarter of a second."""
    time = np.arange(4 * RATE) / RATE
    return (0.3 * np.sin(2 * np.pi * 400 * time) * (time % 0.5 < 0.25)).astype(np.float32)


def test_pauses_are_quieter_and_sounds_as_loud() -> None:
    clean = bursts()
    noisy = clean + 0.01 * np.random.default_rng(0).normal(size=clean.size).astype(np.float32)
    made = reduce_noise(noisy)
    assert made.shape == clean.shape and made.dtype == np.float32
    sound = np.abs(clean) > 0
    pause = np.zeros_like(sound)
    for start in range(RATE // 4, clean.size, RATE // 2):
        pause[start + 1600 : start + 3000] = True
    assert level(made[pause]) < level(noisy[pause]) - 12
    assert level(made[sound]) == pytest.approx(level(clean[sound]), abs=0.5)
    assert level(made - clean) < level(noisy - clean) - 6


def test_what_is_too_short_stays() -> None:
    wav = np.random.default_rng(0).normal(size=N_FFT - 1).astype(np.float32)
    np.testing.assert_array_equal(reduce_noise(wav), wav)


def test_silence_stays_silent() -> None:
    assert not reduce_noise(np.zeros(RATE, np.float32)).any()


def test_batches_are_refused() -> None:
    with pytest.raises(ValueError, match="one-dimensional"):
        reduce_noise(np.zeros((2, RATE), np.float32))
