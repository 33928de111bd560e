"""Whether a recording is of a voice: cheap measures that tones, noise, hum and clicks do not pass.

149 recordings of read speech had at least 0.46 voiced, a spread of 5.8 dB and a change of 0.040.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hiervox.processors.audio import SAMPLE_RATE, Waveform

FRAME, HOP = 640, 320
"""Samples at 16 kHz: 40 ms hold two periods of the deepest voice."""
F0_MIN, F0_MAX = 60.0, 500.0  # Hz
PERIODIC = 0.5
"""Autocorrelation at a period, over that at 0, of a voiced frame; noise stays under 0.4."""
QUIETER = 30.0
"""dB under the loudest 5 % of the frames, below which a frame is a pause."""
LEAST_VOICED = 0.2
LEAST_ACTIVE = 0.1
LEAST_LEVEL_SPREAD = 3.0
"""dB, the standard deviation of the level of active frames: syllables rise and fall, tones and hum don't."""
LEAST_CHANGE = 0.025
"""Mean change of the spectrum's shape from frame to frame (0 to 1): a tone that swells does not change it."""


@dataclass(frozen=True)
class VoiceActivity:
    """Measures of a recording.

    Attributes:
        active: share of frames that are no pause.
        voiced: share of the active frames with a period of a voice.
        level_spread: of the level of active frames, dB.
        change: mean distance of the spectra of neighbouring active frames, 0 to 1.
    """

    active: float
    voiced: float
    level_spread: float
    change: float

    @property
    def doubt(self) -> str | None:
        """Why this can hardly be speech; None where it may be."""
        if self.active < LEAST_ACTIVE:
            return "it is almost all silence"
        if self.voiced < LEAST_VOICED:
            return "it has hardly any voiced sound"
        if self.level_spread < LEAST_LEVEL_SPREAD:
            return "its level never changes"
        if self.change < LEAST_CHANGE:
            return "its sound never changes"
        return None


def measure_voice(wav: Waveform) -> VoiceActivity:
    """Measure a recording (T,) at 16 kHz; about a thousandth of its duration on one core."""
    frames = _frames(wav - wav.mean(dtype=np.float64).astype(np.float32))
    levels = 10 * np.log10(np.square(frames).mean(axis=1) + 1e-12)
    loud = levels > np.percentile(levels, 95) - QUIETER
    active = frames[loud]
    spectra = np.abs(np.fft.rfft(active * np.hanning(FRAME).astype(np.float32), 2 * FRAME))
    return VoiceActivity(
        active=float(loud.mean()) if levels.max() > -90 else 0.0,
        voiced=float((_periodicity(spectra) > PERIODIC).mean()),
        level_spread=float(levels[loud].std()),
        change=_change(spectra),
    )


def _frames(wav: Waveform) -> NDArray[np.float32]:
    padded = np.pad(wav, (0, max(0, FRAME - wav.size)))
    return np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]


def _periodicity(spectra: NDArray[np.floating]) -> NDArray[np.float64]:
    """The highest normalised autocorrelation at a period of a voice, of each frame; its window taken out."""
    correlation = np.fft.irfft(np.square(spectra, dtype=np.float64))
    window = np.hanning(FRAME)
    of_window = np.fft.irfft(np.square(np.abs(np.fft.rfft(window, 2 * FRAME))))
    lags = slice(int(SAMPLE_RATE / F0_MAX), int(SAMPLE_RATE / F0_MIN))
    normalized = correlation[:, lags] / of_window[lags] * of_window[0]
    return np.asarray((normalized / (correlation[:, :1] + 1e-12)).max(axis=1))


def _change(spectra: NDArray[np.floating]) -> float:
    """Mean of 1 minus the cosine of neighbouring magnitude spectra, smoothed over 200 Hz."""
    if len(spectra) < 2:
        return 0.0
    bands = spectra[:, : spectra.shape[1] // 16 * 16].reshape(len(spectra), -1, 16).sum(axis=2)
    unit = bands / (np.linalg.norm(bands, axis=1, keepdims=True) + 1e-12)
    return float(1 - (unit[1:] * unit[:-1]).sum(axis=1).mean())
