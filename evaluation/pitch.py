"""How far a recording's melody follows a reference's: F0 along the best alignment of the two."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.table import Utterance
from hiervox.processors.audio import Waveform, read_audio
from hiervox.processors.pitch import SILENCE_PEAK, PitchConfig, Track, extract_f0

SAMPLE_RATE = 16000
HOP_SECONDS = 0.01
# The alignment's cost matrix is kept under 3000 × 3000 (150 MB): longer recordings get a wider hop
MOST_FRAMES = 3000
WINDOW_SAMPLES = 400  # 25 ms
MEL_BANDS = 40
CEPSTRA = 13  # the usual first 12 and the level, which is dropped
LEAST_VOICED = 10  # aligned frames voiced in both; a correlation over fewer says nothing
CACHED_RECORDINGS = 32  # one reference serves every system


@dataclass(frozen=True)
class Melody:
    """A recording as this metric sees it.

    Attributes:
        wav: (T,) at 16 kHz.
        f0: Hz, one value each `PitchConfig.hop_seconds`, 0 where unvoiced.
    """

    wav: Waveform
    f0: Track


def cepstra(wav: Waveform, hop_length: int) -> NDArray[np.float32]:
    """Mel cepstra (12, frames) of `wav` (T,), each coefficient with mean 0 and deviation 1.

    That takes most of the voice and the microphone out, so that two speakers of one sentence align.
    """
    import librosa

    features = librosa.feature.mfcc(
        y=wav, sr=SAMPLE_RATE, n_mfcc=CEPSTRA, n_fft=WINDOW_SAMPLES, hop_length=hop_length, n_mels=MEL_BANDS
    )[1:]
    centred = features - features.mean(axis=1, keepdims=True)
    scaled: NDArray[np.float32] = centred / np.maximum(centred.std(axis=1, keepdims=True), 1e-5)
    return scaled


def aligned_pitch(first: Melody, second: Melody, f0_hop_seconds: float) -> tuple[Track, Track]:
    """Both F0 contours along the dynamic-time-warping path between the recordings' cepstra.

    Returns:
        Two arrays (K,) in Hz, 0 where unvoiced; frame k of one belongs to frame k of the other.
    """
    import librosa

    longest = max(len(first.wav), len(second.wav)) / SAMPLE_RATE
    hop_seconds = HOP_SECONDS * max(1, math.ceil(longest / HOP_SECONDS / MOST_FRAMES))
    hop_length = round(hop_seconds * SAMPLE_RATE)
    _, path = librosa.sequence.dtw(cepstra(first.wav, hop_length), cepstra(second.wav, hop_length))
    step = hop_seconds / f0_hop_seconds
    contours = []
    for melody, frames in ((first, path[::-1, 0]), (second, path[::-1, 1])):
        positions = np.minimum(np.rint(frames * step).astype(np.int64), len(melody.f0) - 1)
        contours.append(melody.f0[positions])
    return contours[0], contours[1]


def compare_pitch(f0: Track, reference: Track) -> dict[str, float]:
    """Figures of two aligned contours (K,) in Hz, 0 where unvoiced.

    Returns:
        `f0_pearson` and `f0_rmse` (Hz) over the frames that are voiced in both, left out where these are
        fewer than ten or one contour is flat; `voicing_error`, the share of frames voiced in one only.
    """
    voiced = (f0 > 0) & (reference > 0)
    figures = {"voicing_error": float(np.mean((f0 > 0) != (reference > 0)))}
    if voiced.sum() < LEAST_VOICED:
        return figures
    ours, theirs = f0[voiced].astype(np.float64), reference[voiced].astype(np.float64)
    figures["f0_rmse"] = float(np.sqrt(np.mean((ours - theirs) ** 2)))
    if ours.std() > 0 and theirs.std() > 0:
        figures["f0_pearson"] = float(np.corrcoef(ours, theirs)[0, 1])
    return figures


class PitchCorrelation(Metric):
    """Pearson correlation (and error) of F0 with a reference recording of the same words."""

    columns = ("f0_pearson", "f0_rmse", "voicing_error")
    figures: ClassVar[Mapping[str, Figure]] = {
        "f0_pearson": Figure("F0 Pearson", "higher"),
        "f0_rmse": Figure("F0 RMSE (Hz)", "lower"),
        "voicing_error": Figure("voicing error %", "lower", percent=True),
    }

    def __init__(self, config: PitchConfig) -> None:
        super().__init__()
        self.config = config
        self.melody = lru_cache(maxsize=CACHED_RECORDINGS)(self._melody)

    @property
    def settings(self) -> Mapping[str, str]:
        return {
            "pitch": f"{self.config.method}, {self.config.f_min:g} to {self.config.f_max:g} Hz",
            "pitch alignment": "dynamic time warping over normalised mel cepstra",
        }

    def _melody(self, path: Path) -> Melody:
        wav, _ = read_audio(path, SAMPLE_RATE)
        if np.abs(wav).max() < SILENCE_PEAK:
            return Melody(wav, np.zeros(1, np.float32))
        return Melody(wav, extract_f0(wav, SAMPLE_RATE, self.config, str(path)))

    def score(self, utterance: Utterance) -> Scores | None:
        if utterance.reference is None:
            return None
        recording, reference = self.melody(utterance.audio), self.melody(utterance.reference)
        if not recording.f0.any() or not reference.f0.any():
            return None
        return compare_pitch(*aligned_pitch(recording, reference, self.config.hop_seconds))
