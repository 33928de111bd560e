"""How far the F0 contour of a recording follows a reference's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.recordings import ALIGNMENT, EVALUATION_PITCH, TRACKER
from hiervox.evaluation.table import Utterance
from hiervox.processors.pitch import F0Contour

LEAST_VOICED = 10
"""Aligned frames voiced in both; a correlation over fewer says nothing."""
CENTS = 1200
"""To an octave."""


def compare_pitch(f0: F0Contour, reference: F0Contour) -> dict[str, float]:
    """Figures of two aligned contours (K,) in Hz, 0 where unvoiced.

    Returns:
        `voicing_error`, the share of frames voiced in one only; `vuv_f1`, the F1 score of the voiced frames,
        left out where neither has any; over the frames voiced in both, `f0_pearson`, `f0_rmse` (Hz) and
        `f0_rmse_cents`, left out where these are fewer than ten; a flat contour has no correlation.
    """
    ours, theirs = f0 > 0, reference > 0
    voiced = ours & theirs
    figures = {"voicing_error": float(np.mean(ours != theirs))}
    if ours.any() or theirs.any():
        figures["vuv_f1"] = float(2 * voiced.sum() / (ours.sum() + theirs.sum()))
    if voiced.sum() < LEAST_VOICED:
        return figures
    first, second = f0[voiced].astype(np.float64), reference[voiced].astype(np.float64)
    figures["f0_rmse"] = float(np.sqrt(np.mean((first - second) ** 2)))
    figures["f0_rmse_cents"] = float(CENTS * np.sqrt(np.mean(np.log2(first / second) ** 2)))
    if first.std() > 0 and second.std() > 0:
        figures["f0_pearson"] = float(np.corrcoef(first, second)[0, 1])
    return figures


class PitchCorrelation(Metric):
    """Pearson correlation and errors of F0 against a reference recording of the same words."""

    name = "f0"
    measures = "F0 against a reference: correlation (FPC), errors in Hz and cents, voicing decisions"
    paper = "tracker: WORLD's DIO, Morise et al. 2016; V/UV F1: CARGAN, arXiv 2110.10139"
    needs = ("reference",)
    columns = ("f0_pearson", "f0_rmse", "f0_rmse_cents", "voicing_error", "vuv_f1")
    figures: ClassVar[Mapping[str, Figure]] = {
        "f0_pearson": Figure("F0 Pearson", "higher"),
        "f0_rmse": Figure("F0 RMSE", "lower", "Hz"),
        "f0_rmse_cents": Figure("F0 RMSE", "lower", "cents"),
        "voicing_error": Figure("voicing error", "lower", "%", percent=True),
        "vuv_f1": Figure("V/UV F1", "higher"),
    }

    @property
    def settings(self) -> Mapping[str, str]:
        return {"F0": TRACKER, "alignment of F0 and energy": ALIGNMENT}

    def score(self, utterance: Utterance) -> Scores | None:
        if utterance.reference is None:
            return None
        recordings = self.context.recordings
        f0, reference = recordings.f0(utterance.audio), recordings.f0(utterance.reference)
        if not f0.any() or not reference.any():
            return None
        contours = recordings.aligned(
            utterance.audio, utterance.reference, (f0, reference), EVALUATION_PITCH.hop_seconds
        )
        return compare_pitch(*contours)
