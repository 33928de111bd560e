"""Sounds that are speech-like enough for the trackers, made without files."""

from __future__ import annotations

import numpy as np

from hiervox.processors.audio import Waveform

SAMPLE_RATE = 16000


def melody(scale: float = 1.0, seconds: float = 2.0, stretch: float = 1.0) -> Waveform:
    """A voice-like tone whose F0 (times `scale`) and timbre both move, so that two copies align one way only.

    Args:
        scale: factor on the F0 contour of 110 to 190 Hz.
        seconds: length at `stretch` 1.
        stretch: factor on the length.
    """
    count = int(SAMPLE_RATE * seconds * stretch)
    position = np.linspace(0, 1, count)
    f0 = scale * (150 + 40 * np.sin(2 * np.pi * 1.5 * position))
    phase = 2 * np.pi * np.cumsum(f0) / SAMPLE_RATE
    formant = 500 + 1500 * position  # Hz
    wav = np.zeros(count)
    for harmonic in range(1, 25):
        frequency = harmonic * f0
        wav += np.exp(-(((frequency - formant) / 600) ** 2)) * np.sin(harmonic * phase)
    wav *= np.sin(np.pi * position) ** 0.25
    return (0.5 * wav / np.abs(wav).max()).astype(np.float32)
