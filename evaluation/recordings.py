"""Recordings and their alignments, read once for the metrics that share them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hiervox.evaluation.latest import Latest
from hiervox.evaluation.long_recordings import in_windows
from hiervox.processors.audio import Waveform, read_audio
from hiervox.processors.pitch import SILENCE_PEAK, F0Contour, PitchConfig, extract_f0

Contour = NDArray[np.float32]
ALIGNMENT_RATE = 16000
ALIGNMENT = "frame by frame where lengths agree, else dynamic time warping over normalised mel cepstra"
"""How contours are compared, for the settings of a report."""
HOP_SECONDS = 0.01
MOST_FRAMES = 3000
"""The alignment's cost matrix stays under 3000 × 3000 (150 MB): longer recordings get a wider hop."""
WINDOW_SAMPLES = 400  # 25 ms
MEL_BANDS = 40
CEPSTRA = 13  # the usual first 12 and the level, which is dropped
LONGEST_DIFFERENCE = 0.1
"""Seconds by which two lengths may differ for a comparison sample by sample."""
# Against copies of ten recordings with all pitch times 1.3, where 1 is right, F0 Pearson is 0.90 with this
# tracker and range, 0.83 with YAAPT and 0.68 with Harvest in the same range: octave jumps make the difference
EVALUATION_PITCH = PitchConfig(method="dio", f_max=500.0)
F0_RATE = round(1 / EVALUATION_PITCH.hop_seconds)
TRACKER = f"dio with StoneMask, {EVALUATION_PITCH.f_min:g} to {EVALUATION_PITCH.f_max:g} Hz"
"""The same, for the settings of a report."""


class Recordings:
    """Reads recordings, tracks their F0 and aligns pairs of them; the latest results are kept."""

    def __init__(self) -> None:
        self.read = Latest(self._read)
        self.f0 = Latest(self._f0)
        self.path = Latest(self._path)

    def _read(self, file: Path, rate: int | None = None) -> tuple[Waveform, int]:
        """The waveform (T,) of a file, at `rate` Hz or its own, and the rate."""
        return read_audio(file, rate)

    def _f0(self, file: Path) -> F0Contour:
        """F0 in Hz each 5 ms, 0 where unvoiced; one 0 for silence. Long recordings are tracked in windows."""
        wav, _ = self.read(file, ALIGNMENT_RATE)
        if is_silent(wav):
            return np.zeros(1, np.float32)

        def tracked(seen: Waveform) -> F0Contour:
            if is_silent(seen):
                return np.zeros(seen.size * F0_RATE // ALIGNMENT_RATE, np.float32)
            return extract_f0(seen, ALIGNMENT_RATE, EVALUATION_PITCH, str(file))

        return in_windows(wav, ALIGNMENT_RATE, tracked, F0_RATE)

    def _path(self, file: Path, reference: Path) -> tuple[NDArray[np.int64], NDArray[np.int64], float]:
        """The alignment of two recordings: frames of the one, frames of the other (K,), seconds a frame."""
        return alignment(self.read(file, ALIGNMENT_RATE)[0], self.read(reference, ALIGNMENT_RATE)[0])

    def aligned(
        self, file: Path, reference: Path, contours: tuple[Contour, Contour], hop_seconds: float
    ) -> tuple[Contour, Contour]:
        """Contours (T,), (U,) of two recordings as (K,), (K,) frames that belong to each other.

        Frame by frame where both have as many, else along the alignment of the two.
        """
        ours, theirs = contours
        if len(ours) == len(theirs):
            return ours, theirs
        frames, reference_frames, path_hop = self.path(file, reference)
        step = path_hop / hop_seconds
        return at_frames(ours, frames, step), at_frames(theirs, reference_frames, step)

    def pair(
        self, file: Path, reference: Path, rate: int | None = None
    ) -> tuple[Waveform, Waveform, int] | None:
        """Two recordings (T,) of one length at `rate`, by default the reference's own; the rate.

        None where the lengths differ by more than 0.1 s: sample by sample, such recordings can't be compared.
        """
        target, rate = self.read(reference, rate)
        wav, _ = self.read(file, rate)
        if abs(wav.size - target.size) > LONGEST_DIFFERENCE * rate:
            return None
        length = min(wav.size, target.size)
        return wav[:length], target[:length], rate


def is_silent(wav: Waveform) -> bool:
    """Whether nothing in (T,) is loud enough to be compared."""
    return max(wav.max(), -wav.min()) < SILENCE_PEAK


def cepstra(wav: Waveform, hop_length: int) -> NDArray[np.float32]:
    """Mel cepstra (12, frames) of `wav` (T,) at 16 kHz, each coefficient with mean 0 and deviation 1.

    That takes most of the voice and the microphone out, so that two speakers of one sentence align.
    """
    import librosa

    features = librosa.feature.mfcc(
        y=wav,
        sr=ALIGNMENT_RATE,
        n_mfcc=CEPSTRA,
        n_fft=WINDOW_SAMPLES,
        hop_length=hop_length,
        n_mels=MEL_BANDS,
    )[1:]
    centred = features - features.mean(axis=1, keepdims=True)
    scaled: NDArray[np.float32] = centred / np.maximum(centred.std(axis=1, keepdims=True), 1e-5)
    return scaled


def alignment(wav: Waveform, reference: Waveform) -> tuple[NDArray[np.int64], NDArray[np.int64], float]:
    """The dynamic-time-warping path between the mel cepstra of two recordings at 16 kHz.

    Returns:
        Frames of `wav`, the frames of `reference` that belong to them (K,), and the seconds between frames.
    """
    import librosa

    longest = max(len(wav), len(reference)) / ALIGNMENT_RATE
    hop_seconds = HOP_SECONDS * max(1, math.ceil(longest / HOP_SECONDS / MOST_FRAMES))
    hop_length = round(hop_seconds * ALIGNMENT_RATE)
    _, path = librosa.sequence.dtw(cepstra(wav, hop_length), cepstra(reference, hop_length))
    return path[::-1, 0], path[::-1, 1], hop_seconds


def at_frames(values: NDArray[np.float32], frames: NDArray[np.int64], step: float) -> NDArray[np.float32]:
    """Values (T,) at alignment frames (K,), `step` values to a frame; the last value serves past the end."""
    return values[np.minimum(np.rint(frames * step).astype(np.int64), len(values) - 1)]
