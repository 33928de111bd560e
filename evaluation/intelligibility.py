"""Short-time objective intelligibility of long recordings: what pystoi computes, block by block.

pystoi holds each frame twice and each segment of 30 frames five times, 8 GB an hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from hiervox.processors.audio import Waveform

RATE = 10_000
"""Hz; what STOI is defined at."""
FRAME, HOP, FFT = 256, 128, 512
SEGMENT = 30
"""Frames that are compared together."""
RANGE_DB = 40.0
"""Frames of the reference that are further under its loudest one do not count."""
CLIP = 1 + 10 ** (15 / 20)
"""The lower bound of -15 dB on the signal-to-distortion ratio (Taal et al. 2011, equation 3)."""
FRAMES_AT_ONCE, SEGMENTS_AT_ONCE = 8192, 2048
EPS = float(np.finfo(np.float64).eps)
Bands = NDArray[np.float64]


def intelligibility(reference: Waveform, wav: Waveform) -> tuple[float, float] | None:
    """STOI and ESTOI of a waveform (T,) at 10 kHz beside its reference.

    None where the reference has fewer than `SEGMENT` frames of speech.
    """
    kept = np.flatnonzero(_is_spoken(reference))
    if len(kept) - 1 < SEGMENT:
        return None
    clean, heard = _bands(reference, kept), _bands(wav, kept)
    segments = clean.shape[1] - SEGMENT + 1
    plain = extended = 0.0
    for begin in range(0, segments, SEGMENTS_AT_ONCE):
        ours, theirs = (
            sliding_window_view(bands, SEGMENT, axis=1)[:, begin : begin + SEGMENTS_AT_ONCE].swapaxes(0, 1)
            for bands in (heard, clean)
        )
        plain += _correlations(theirs, ours)
        extended += _spectral_correlations(theirs, ours)
    return plain / (segments * len(clean)), extended / segments


def _frames(wav: Waveform) -> NDArray[np.floating[Any]]:
    """(N, FRAME), a view; as pystoi, without one that ends with the waveform."""
    return sliding_window_view(wav, FRAME)[: max(0, wav.size - FRAME) : HOP]


def _window() -> NDArray[np.float64]:
    return np.hanning(FRAME + 2)[1:-1]


def _is_spoken(reference: Waveform) -> NDArray[np.bool_]:
    """Of each frame (N,)."""
    frames, window = _frames(reference), _window()
    if not len(frames):
        return np.zeros(0, np.bool_)
    levels = np.concatenate(
        [
            20 * np.log10(np.linalg.norm(frames[begin : begin + FRAMES_AT_ONCE] * window, axis=1) + EPS)
            for begin in range(0, len(frames), FRAMES_AT_ONCE)
        ]
    )
    return np.asarray(levels.max() - RANGE_DB - levels < 0)


def _bands(wav: Waveform, kept: NDArray[np.intp]) -> Bands:
    """Levels (15, N - 1) in third-octave bands of what is left when only N frames are kept."""
    from pystoi.stoi import OBM

    return np.concatenate([np.sqrt(OBM @ power.T) for power in _powers(wav, kept)], axis=1)


def _powers(wav: Waveform, kept: NDArray[np.intp]) -> Iterator[NDArray[np.float64]]:
    """Power spectra (N_i, FFT / 2 + 1) of kept frames, added where they overlap and cut into frames again."""
    frames, window = _frames(wav), _window()
    for begin in range(0, len(kept) - 1, FRAMES_AT_ONCE):
        end = min(begin + FRAMES_AT_ONCE, len(kept) - 1)
        first = max(0, begin - 1)  # whose second half lies over the first one's first half
        windowed = frames[kept[first : end + 1]] * window
        halves = windowed[:, :HOP].copy()
        halves[1:] += windowed[:-1, HOP:]
        halves = halves[begin - first :]
        again = np.concatenate([halves[:-1], halves[1:]], axis=1) * window
        yield np.square(np.abs(np.fft.rfft(again, FFT)))


def _correlations(clean: Bands, heard: Bands) -> float:
    """Sum over segments (S, 15, 30) and bands of Taal et al. 2011, equation 5."""
    scale = _norm(clean) / (_norm(heard) + EPS)
    heard = np.minimum(heard * scale, clean * CLIP)
    heard = heard - heard.mean(axis=2, keepdims=True)
    clean = clean - clean.mean(axis=2, keepdims=True)
    return float(np.sum(heard / (_norm(heard) + EPS) * (clean / (_norm(clean) + EPS))))


def _spectral_correlations(clean: Bands, heard: Bands) -> float:
    """Sum over segments (S, 15, 30) of Jensen and Taal 2016, equation 6."""
    return float(np.sum(_normalized(clean) * _normalized(heard)) / SEGMENT)


def _normalized(segments: Bands) -> Bands:
    """Rows, then columns, to mean 0 and norm 1, which constant ones do not have."""
    for axis in (2, 1):
        segments = segments - segments.mean(axis=axis, keepdims=True)
        segments = segments / np.maximum(np.linalg.norm(segments, axis=axis, keepdims=True), EPS)
    return segments


def _norm(segments: Bands) -> Bands:
    found: Bands = np.linalg.norm(segments, axis=2, keepdims=True)
    return found
