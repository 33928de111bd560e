"""How far the energy contour of a recording follows a reference's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from hiervox.evaluation.long_recordings import frame_blocks
from hiervox.evaluation.metric import Figure, Metric, Scores, Vector
from hiervox.evaluation.recordings import ALIGNMENT, ALIGNMENT_RATE, HOP_SECONDS
from hiervox.evaluation.table import Utterance

WINDOW_SECONDS = 0.025
FLOOR_DB = -80.0
"""Digital silence counts as this, in dB of full scale."""


def energy_contour(wav: Vector, rate: int) -> Vector:
    """RMS level in dB of full scale, (T // hop + 1,), windows of 25 ms each 10 ms, at least -80."""
    import librosa

    window, hop_length = round(WINDOW_SECONDS * rate), round(HOP_SECONDS * rate)
    level = np.concatenate(
        [
            librosa.feature.rms(y=block, frame_length=window, hop_length=hop_length, center=False)[0]
            for block in frame_blocks(wav, window, hop_length)
        ]
    )
    contour: Vector = 20 * np.log10(np.maximum(level, 10 ** (FLOOR_DB / 20)))
    return contour


def compare_energy(energy: Vector, reference: Vector) -> dict[str, float]:
    """RMSE in dB and Pearson correlation of two aligned contours (K,); flat ones have no correlation."""
    ours, theirs = energy.astype(np.float64), reference.astype(np.float64)
    figures = {"energy_rmse": float(np.sqrt(np.mean((ours - theirs) ** 2)))}
    if ours.std() > 0 and theirs.std() > 0:
        figures["energy_pearson"] = float(np.corrcoef(ours, theirs)[0, 1])
    return figures


class EnergyCorrelation(Metric):
    """RMSE and Pearson correlation of the frames' level, along the alignment that F0 is compared by."""

    name = "energy"
    measures = "frame level against a reference: RMSE in dB, correlation"
    paper = (
        "FastSpeech 2, arXiv 2006.04558, section 3.2, compares energy; level in dB is this toolkit's choice"
    )
    needs = ("reference",)
    columns = ("energy_rmse", "energy_pearson")
    figures: ClassVar[Mapping[str, Figure]] = {
        "energy_rmse": Figure("energy RMSE", "lower", "dB"),
        "energy_pearson": Figure("energy Pearson", "higher"),
    }

    @property
    def settings(self) -> Mapping[str, str]:
        return {
            "energy": "RMS level of 25 ms each 10 ms, at least -80 dB of full scale, at 16 kHz",
            "alignment of F0 and energy": ALIGNMENT,
        }

    def score(self, utterance: Utterance) -> Scores | None:
        if utterance.reference is None:
            return None
        contours = self._contour(utterance.audio), self._contour(utterance.reference)
        found = self.context.recordings.aligned(utterance.audio, utterance.reference, contours, HOP_SECONDS)
        return compare_energy(*found)

    def _contour(self, file: Path) -> Vector:
        wav, rate = self.context.recordings.read(file, ALIGNMENT_RATE)
        return energy_contour(wav, rate)
