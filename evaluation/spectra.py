"""Distances between the spectra of two waveforms of one length."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hiervox.evaluation.long_recordings import frame_blocks
from hiervox.processors.audio import Waveform

RESOLUTIONS = ((1024, 120, 600), (2048, 240, 1200), (512, 50, 240))
"""FFT size, hop and window in samples, at any rate (Parallel WaveGAN, arXiv 1910.11480, table 1)."""
LEAST_POWER = 1e-7
"""Of the multi-resolution distance, as in Parallel WaveGAN's implementation, which takes the root of it."""
LSD_LEAST_POWER = 1e-10
LSD_FFT = 2048
LSD_HOP = 512


def magnitudes(wav: Waveform, fft_size: int, hop_length: int, window: int) -> Iterator[NDArray[np.float32]]:
    """Magnitudes (bins, frames_i) of the centred, Hann-windowed short-time Fourier transform, in blocks."""
    import librosa

    for block in frame_blocks(wav, fft_size, hop_length):
        yield np.abs(
            librosa.stft(y=block, n_fft=fft_size, hop_length=hop_length, win_length=window, center=False)
        )


def multi_resolution_distance(wav: Waveform, reference: Waveform) -> tuple[float, float]:
    """Spectral convergence and mean difference of log magnitudes, both averaged over three resolutions.

    Arik et al. 2018 (arXiv 1808.06719), equations 2 and 3; resolutions and floor of Parallel WaveGAN.
    """
    convergence, logarithmic = [], []
    for resolution in RESOLUTIONS:
        difference = power = difference_of_logs = 0.0
        cells = 0
        for blocks in zip(magnitudes(wav, *resolution), magnitudes(reference, *resolution), strict=True):
            ours, theirs = (np.sqrt(np.maximum(block**2, LEAST_POWER)) for block in blocks)
            difference += float(np.linalg.norm(theirs - ours)) ** 2
            power += float(np.linalg.norm(theirs)) ** 2
            difference_of_logs += float(np.abs(np.log(ours / theirs)).sum(dtype=np.float64))
            cells += ours.size
        convergence.append(math.sqrt(difference / power))
        logarithmic.append(difference_of_logs / cells)
    return float(np.mean(convergence)), float(np.mean(logarithmic))


def log_spectral_distance(wav: Waveform, reference: Waveform) -> float:
    """The mean over frames of the root mean square over bins of log10 power ratios.

    As in work on bandwidth extension (Kuleshov et al., arXiv 1708.00853, section 4): FFT 2048, hop 512.
    """
    sizes, total, frames = (LSD_FFT, LSD_HOP, LSD_FFT), 0.0, 0
    for blocks in zip(magnitudes(wav, *sizes), magnitudes(reference, *sizes), strict=True):
        ours, theirs = (
            np.log10(np.maximum(block.astype(np.float64) ** 2, LSD_LEAST_POWER)) for block in blocks
        )
        total += float(np.sqrt(((ours - theirs) ** 2).mean(axis=0)).sum())
        frames += ours.shape[1]
    return total / frames
