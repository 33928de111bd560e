"""YIN (de Cheveigné, Kawahara 2002), equal to librosa's without its import, which takes two seconds.

The difference function is that of frames with zeros behind them, by way of the autocorrelation, with the
energy of the whole frame for its unshifted part, as librosa has it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

TROUGH_THRESHOLD = 0.1
"""Of the paper's step 4."""


def centred_frames(wav: Array, window: int, hop: int) -> Array:
    """(T,) → (1 + T // hop, window): frames around every `hop`-th sample, zeros beyond both ends."""
    padded = np.pad(wav, window // 2)
    return np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]


def yin(frames: Array, rate: int, f_min: float, f_max: float) -> Array:
    """F0 of frames.

    Args:
        frames: (N, W), W over two periods of `f_min`.
        rate: Hz.
        f_min, f_max: Hz.

    Returns:
        (N,) in Hz, of voiced and unvoiced frames alike.
    """
    shortest, longest = int(rate / f_max), min(int(np.ceil(rate / f_min)), frames.shape[1] - 1)
    normalized = _normalized_difference(frames, shortest, longest)
    below = _is_trough(normalized) & (normalized < TROUGH_THRESHOLD)
    found = np.where(below.any(axis=1), below.argmax(axis=1), normalized.argmin(axis=1))
    f0: Array = (rate / (shortest + found + _vertex(normalized, found))).astype(np.float32)
    return f0


def _normalized_difference(frames: Array, shortest: int, longest: int) -> Array:
    """The cumulative mean normalised difference (equation 8) of lags from shortest to longest, (N, lags)."""
    size = 1 << (frames.shape[1] + longest).bit_length()
    spectrum = np.fft.rfft(frames, size)
    correlation = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, size)[:, : longest + 1]
    head = np.cumsum(np.square(frames), axis=1)[:, :longest]
    difference = 2 * (correlation[:, :1] - correlation[:, 1:]) - head  # lags from 1
    mean = np.cumsum(difference, axis=1) / np.arange(1, longest + 1)
    tiny = np.finfo(np.float32).tiny
    normalized: Array = difference[:, shortest - 1 :] / (mean[:, shortest - 1 :] + tiny)
    return normalized


def _is_trough(values: Array) -> NDArray[np.bool_]:
    """Where each row (N, lags) has a local minimum; either end where it is under its neighbour."""
    trough = np.zeros(values.shape, np.bool_)
    trough[:, 0] = values[:, 0] < values[:, 1]
    trough[:, -1] = values[:, -1] < values[:, -2]
    trough[:, 1:-1] = (values[:, 1:-1] < values[:, :-2]) & (values[:, 1:-1] <= values[:, 2:])
    return trough


def _vertex(values: Array, index: NDArray[np.int64]) -> Array:
    """How far from a value of each row (N, lags) the vertex of the parabola through its neighbours lies.

    0 at a row's ends, and where it would lie beyond the neighbours.
    """
    inner = index.clip(1, values.shape[1] - 2)
    rows = np.arange(len(values))
    before, at, behind = (values[rows, inner + step] for step in (-1, 0, 1))
    curvature, slope = behind + before - 2 * at, (behind - before) / 2
    usable = (inner == index) & (np.abs(slope) < np.abs(curvature))
    return np.where(usable, -slope / np.where(usable, curvature, 1), 0).astype(np.float32)
