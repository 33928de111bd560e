"""Stationary noise of a recording, estimated from its quietest moments and reduced by a Wiener filter."""

from __future__ import annotations

import numpy as np
import torch

from hiervox.processors.audio import Waveform

N_FFT, HOP = 512, 256
"""Samples at 16 kHz: 32 and 16 ms."""
SMOOTHED_FRAMES = 5
"""In whose mean a frequency's quiet moments are looked for."""
QUIET_PERCENTILE = 10.0
"""The smoothed power of each frequency is noise in this many hundredths of the frames."""
QUIET_BIAS = 1.5
"""Noise over what its quietest moments have."""
OVERESTIMATE = 2.0
"""Factor of the noise, so that little of it is left."""
MEMORY = 0.97
"""Share of the last frame in the ratio of speech to noise."""
LEAST_GAIN = 0.05
"""-26 dB: what is left of noise."""


def reduce_noise(wav: Waveform) -> Waveform:
    """Reduce the stationary noise of a recording (T,) at 16 kHz: (T,), float32.

    A Wiener filter by the decision-directed ratio of speech to noise (Y. Ephraim and D. Malah, "Speech
    enhancement using a minimum mean-square error short-time spectral amplitude estimator", 1984, section V).
    Recordings under `N_FFT` samples are returned as they are.

    Raises:
        ValueError: `wav` is not one-dimensional.
    """
    if wav.ndim != 1:
        raise ValueError(f"one-dimensional recordings are expected, not {wav.shape}")
    if wav.size < N_FFT:
        return np.asarray(wav, np.float32)
    window = torch.hann_window(N_FFT)
    samples = torch.from_numpy(np.ascontiguousarray(wav, np.float32))
    spectrum = torch.stft(samples, N_FFT, HOP, window=window, return_complex=True)
    gains = _gains(spectrum.abs().square().numpy())
    clean = torch.istft(spectrum * torch.from_numpy(gains), N_FFT, HOP, window=window, length=wav.size)
    return np.asarray(clean.numpy(), np.float32)


def _gains(power: np.ndarray) -> np.ndarray:
    """Of each frequency in each frame, by its power: both (F, N)."""
    margin = SMOOTHED_FRAMES // 2
    padded = np.pad(power, ((0, 0), (margin, margin)), mode="symmetric")
    smoothed = np.lib.stride_tricks.sliding_window_view(padded, SMOOTHED_FRAMES, axis=1).mean(axis=2)
    noise = OVERESTIMATE * QUIET_BIAS * np.percentile(smoothed, QUIET_PERCENTILE, axis=1) + 1e-12
    ratios = power / noise[:, None]
    gains = np.empty_like(power)
    before = np.zeros_like(noise)
    for frame in range(power.shape[1]):
        expected = MEMORY * before + (1 - MEMORY) * np.maximum(ratios[:, frame] - 1, 0)
        gain = expected / (1 + expected)
        before = np.square(gain) * ratios[:, frame]
        gains[:, frame] = np.maximum(gain, LEAST_GAIN)
    return gains
