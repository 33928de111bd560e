"""Mel cepstra as SPTK's: a WORLD envelope's cepstrum on a warped frequency axis."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hiervox.evaluation.long_recordings import in_windows
from hiervox.processors.audio import Waveform

ORDER = 24
FRAME_PERIOD = 5.0  # ms
Cepstra = NDArray[np.float64]


@lru_cache(8)
def warping(rate: int) -> float:
    """The all-pass constant whose frequency axis comes nearest to the mel scale at `rate` Hz.

    SPTK's table (0.41 at 16 kHz, 0.455 at 22.05 kHz, 0.554 at 48 kHz) holds the same minima.
    """
    omega = np.linspace(0, np.pi, 1000)
    mel = np.log1p(omega / np.pi * rate / 2 / 1000)
    mel /= mel[-1]
    constants = np.arange(0.0, 1.0, 0.001)
    errors = [np.mean((warped_frequency(omega, constant) / np.pi - mel) ** 2) for constant in constants]
    return float(constants[int(np.argmin(errors))])


def warped_frequency(omega: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    """Where the all-pass filter with constant `alpha` puts the angular frequencies `omega` (0 to π)."""
    found: NDArray[np.float64] = omega + 2 * np.arctan2(alpha * np.sin(omega), 1 - alpha * np.cos(omega))
    return found


@lru_cache(8)
def _warping_matrix(size: int, order: int, alpha: float) -> NDArray[np.float64]:
    """The frequency transform of cepstra (Oppenheim and Johnson 1972) as a matrix (order + 1, size)."""
    matrix = np.zeros((order + 1, size))
    matrix[0, 0] = 1.0
    beta = 1 - alpha**2
    for column in range(size):  # powers of the all-pass filter: row m of column n is its m-th coefficient
        if column == 0:
            continue
        previous = matrix[:, column - 1]
        matrix[0, column] = alpha * previous[0]
        if order >= 1:
            matrix[1, column] = beta * previous[0] + alpha * previous[1]
        for row in range(2, order + 1):
            matrix[row, column] = previous[row - 1] + alpha * (previous[row] - matrix[row - 1, column])
    return matrix


def warp_cepstra(cepstra: Cepstra, alpha: float, order: int = ORDER) -> Cepstra:
    """Cepstra (frames, size) on the linear axis → (frames, order + 1) on the warped one."""
    found: Cepstra = cepstra @ _warping_matrix(cepstra.shape[1], order, alpha).T
    return found


def mel_cepstra(wav: Waveform, rate: int) -> Cepstra:
    """Mel cepstra (frames, 25) of a waveform (T,): WORLD's CheapTrick each 5 ms, order 24.

    Column 0 is the level. Long recordings are analysed in windows.
    """
    return in_windows(wav, rate, lambda seen: _mel_cepstra(seen, rate), round(1000 / FRAME_PERIOD))


def _mel_cepstra(wav: Waveform, rate: int) -> Cepstra:
    import pyworld

    signal = wav.astype(np.float64)
    coarse, times = pyworld.dio(signal, rate, frame_period=FRAME_PERIOD)
    envelope = pyworld.cheaptrick(signal, pyworld.stonemask(signal, coarse, times, rate), times, rate)
    cepstra = np.fft.irfft(np.log(np.maximum(envelope, 1e-16)) / 2)
    half = cepstra.shape[1] // 2 + 1
    cepstra = cepstra[:, :half]
    cepstra[:, 1:] *= 2  # one-sided: log magnitude = sum of c(m) cos(m omega)
    return warp_cepstra(cepstra, warping(rate))
