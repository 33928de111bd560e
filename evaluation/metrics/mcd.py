"""Mel-cepstral distortion, frame by frame and along a warping path."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np

from hiervox.evaluation.latest import Latest
from hiervox.evaluation.mel_cepstrum import FRAME_PERIOD, ORDER, Cepstra, mel_cepstra, warping
from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.recordings import LONGEST_DIFFERENCE, MOST_FRAMES
from hiervox.evaluation.table import Utterance
from hiervox.utils.config import Config

DECIBEL = 10 / math.log(10) * math.sqrt(2)
"""Kubichek 1993, equation 1: the distance of two cepstra in dB."""


def distortion(cepstra: Cepstra, reference: Cepstra) -> float:
    """Mean distance in dB of aligned mel cepstra (K, 25); the level, column 0, does not count."""
    return float(DECIBEL * np.linalg.norm(cepstra[:, 1:] - reference[:, 1:], axis=1).mean())


def warped_distortion(cepstra: Cepstra, reference: Cepstra) -> float:
    """The same along the path that dynamic time warping finds over the cepstra themselves."""
    import librosa

    step = max(1, math.ceil(max(len(cepstra), len(reference)) / MOST_FRAMES))
    ours, theirs = cepstra[::step], reference[::step]
    _, path = librosa.sequence.dtw(ours[:, 1:].T, theirs[:, 1:].T)
    return distortion(ours[path[:, 0]], theirs[path[:, 1]])


class MelCepstralDistortion(Metric):
    """MCD: with dynamic time warping for speech of other timing, without it for copies of one length."""

    name = "mcd"
    measures = "mel-cepstral distortion, frame by frame (one length) and with dynamic time warping"
    paper = "Kubichek 1993; WORLD's CheapTrick, Morise 2015; SPTK's mel cepstrum, order 24"
    needs = ("reference",)
    columns = ("mcd", "mcd_dtw")
    figures: ClassVar[Mapping[str, Figure]] = {
        "mcd": Figure("MCD", "lower", "dB"),
        "mcd_dtw": Figure("MCD-DTW", "lower", "dB"),
    }

    class Settings(Config):
        """
        Attributes:
            sample_rate: Hz that recordings are compared at.
        """

        sample_rate: int = 16000

    @property
    def settings(self) -> Mapping[str, str]:
        rate = self.config.sample_rate
        scale = f"order {ORDER}, warping {warping(rate):g}"
        return {"mel cepstrum": f"WORLD (DIO, StoneMask, CheapTrick), {scale}, {rate} Hz, hop 5 ms"}

    @cached_property
    def _cepstra(self) -> Callable[[Path], Cepstra]:
        return Latest(self._cepstra_uncached)

    def _cepstra_uncached(self, file: Path) -> Cepstra:
        return mel_cepstra(*self.context.recordings.read(file, self.config.sample_rate))

    def score(self, utterance: Utterance) -> Scores | None:
        if utterance.reference is None:
            return None
        ours, theirs = self._cepstra(utterance.audio), self._cepstra(utterance.reference)
        found = {"mcd_dtw": warped_distortion(ours, theirs)}
        if abs(len(ours) - len(theirs)) * FRAME_PERIOD <= 1000 * LONGEST_DIFFERENCE:
            frames = min(len(ours), len(theirs))
            found["mcd"] = distortion(ours[:frames], theirs[:frames])
        return found
