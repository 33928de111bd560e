"""Distances between the spectra of two waveforms of one length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hiervox.processors.audio import Waveform

RESOLUTIONS = ((1024, 120, 600), (2048, 240, 1200), (512, 50, 240))
"""FFT size, hop and window in samples, at any rate (Parallel WaveGAN, arXiv 1910.11480, table 1)."""
LEAST_POWER = 1e-7
"""Of the multi-resolution distance, as in Parallel WaveGAN's implementation, which takes the root of it."""
LSD_LEAST_POWER = 1e-10
LSD_FFT = 2048
LSD_HOP = 512


def magnitudes(wav: Waveform, fft_size: int, hop_length: int, window: int) -> NDArray[np.float32]:
    """Magnitudes (bins, frames) of the centred, Hann-windowed short-time Fourier transform."""
    import librosa

    found: NDArray[np.float32] = np.abs(
        librosa.stft(y=wav, n_fft=fft_size, hop_length=hop_length, win_length=window)
    )
    return found


def multi_resolution_distance(wav: Waveform, reference: Waveform) -> tuple[float, float]:
    """Spectral convergence and mean difference of log magnitudes, both averaged over three resolutions.

    Arik et al. 2018 (arXiv 1808.06719), equations 2 and 3; resolutions and floor of Parallel WaveGAN.
    """
    convergence, logarithmic = [], []
    for resolution in RESOLUTIONS:
        ours, theirs = (
            np.sqrt(np.maximum(magnitudes(sound, *resolution) ** 2, LEAST_POWER))
            for sound in (wav, reference)
        )
        convergence.append(np.linalg.norm(theirs - ours) / np.linalg.norm(theirs))
        logarithmic.append(np.abs(np.log(ours / theirs)).mean())
    return float(np.mean(convergence)), float(np.mean(logarithmic))


def log_spectral_distance(wav: Waveform, reference: Waveform) -> float:
    """The mean over frames of the root mean square over bins of log10 power ratios.

    As in work on bandwidth extension (Kuleshov et al., arXiv 1708.00853, section 4): FFT 2048, hop 512.
    """
    ours, theirs = (
        np.log10(
            np.maximum(magnitudes(sound, LSD_FFT, LSD_HOP, LSD_FFT).astype(np.float64) ** 2, LSD_LEAST_POWER)
        )
        for sound in (wav, reference)
    )
    return float(np.sqrt(((ours - theirs) ** 2).mean(axis=0)).mean())
