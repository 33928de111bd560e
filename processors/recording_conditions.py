"""A voice as another microphone in another room would record it: equaliser, reverberation, noise.

Put on prompts alone, it teaches a voice model to take the voice from them and leave the microphone.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, model_validator

from hiervox.processors.audio import Waveform
from hiervox.processors.perturbation import PerturbationConfig, draw_equalizer, equalize
from hiervox.utils.config import Config

Range = tuple[float, float]
LOWEST_NOISE = 20.0
"""Hz; under it noise is as loud as there."""


class RecordingConditionsConfig(Config):
    """How often and how strongly a recording is changed. Each of the three is drawn for itself.

    Attributes:
        equalizer_chance: share of recordings that are equalised.
        equalizer_gain: of each band and shelf, uniform up to this, up or down, dB.
        room_chance: share of recordings with reverberation.
        room_seconds: reverberation time (60 dB) is uniform in this range, s.
        room_ratio: level of the direct sound over the reverberation, uniform in this range, dB.
        noise_chance: share of recordings with noise.
        noise_ratio: level of the speech over the noise, uniform in this range, dB.
        noise_exponent: the noise's power falls with this power of frequency, uniform in this range: 0 is
            white noise, 1 pink, 2 brown.
    """

    equalizer_chance: float = Field(0.5, ge=0, le=1)
    equalizer_gain: float = Field(4.0, ge=0)
    room_chance: float = Field(0.3, ge=0, le=1)
    room_seconds: Range = (0.1, 0.4)
    room_ratio: Range = (5.0, 15.0)
    noise_chance: float = Field(0.4, ge=0, le=1)
    noise_ratio: Range = (20.0, 45.0)
    noise_exponent: Range = (0.0, 0.0)

    @model_validator(mode="after")
    def _check_ranges(self) -> RecordingConditionsConfig:
        for name in ("room_seconds", "room_ratio", "noise_ratio", "noise_exponent"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name} is the wrong way round")
        if self.room_seconds[0] <= 0:
            raise ValueError("room_seconds must be over 0")
        return self


def rerecord(
    wav: Waveform, rate: int, rng: np.random.Generator, config: RecordingConditionsConfig
) -> Waveform:
    """Change a recording (T,) at `rate` Hz: (T,), at its own level. Every draw comes from `rng`."""
    changed = np.asarray(wav, np.float64)
    if rng.random() < config.equalizer_chance:
        bands = PerturbationConfig(eq_gain=config.equalizer_gain)
        changed = equalize(changed, draw_equalizer(rate, rng, bands))
    if rng.random() < config.room_chance:
        room = impulse_response(rate, rng.uniform(*config.room_seconds), rng.uniform(*config.room_ratio), rng)
        changed = _convolve(changed, room)
    if rng.random() < config.noise_chance:
        ratio, exponent = rng.uniform(*config.noise_ratio), rng.uniform(*config.noise_exponent)
        changed = changed + noise(len(changed), rate, exponent, rng) * _level(changed) * 10 ** (-ratio / 20)
    return (changed * (_level(wav) / max(_level(changed), 1e-9))).astype(np.float32)


def impulse_response(rate: int, seconds: float, ratio: float, rng: np.random.Generator) -> Waveform:
    """The direct sound, then noise that decays by 60 dB in `seconds` and has `ratio` dB less energy: (T,).

    J. A. Moorer, "About this reverberation business", Computer Music Journal 3(2), 1979.
    """
    time = np.arange(1, max(2, round(seconds * rate))) / rate
    tail = rng.normal(size=time.size) * 10 ** (-3 * time / seconds)
    tail *= 10 ** (-ratio / 20) / np.sqrt(np.square(tail).sum())
    return np.concatenate([[1.0], tail]).astype(np.float32)


def noise(samples: int, rate: int, exponent: float, rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise (samples,) of unit level whose power falls with the power `exponent` of frequency.

    J. Timmer and M. König, "On generating power law noise", Astronomy and Astrophysics 300, 1995. Below
    `LOWEST_NOISE` it is white, so that brown noise is no slow drift.
    """
    white = rng.normal(size=samples)
    if exponent == 0 or not samples:
        return white
    frequencies = np.maximum(np.fft.rfftfreq(samples, 1 / rate), LOWEST_NOISE)
    coloured = np.fft.irfft(np.fft.rfft(white) * frequencies ** (-exponent / 2), samples)
    return np.asarray(coloured / max(_level(coloured), 1e-9))


def _convolve(wav: np.ndarray, response: Waveform) -> np.ndarray:
    from scipy.signal import fftconvolve

    return np.asarray(fftconvolve(wav, response)[: len(wav)])


def _level(wav: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(wav, dtype=np.float64)))) if len(wav) else 0.0
