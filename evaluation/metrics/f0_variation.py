"""How lively the F0 contour is: its standard deviation in semitones, beside the reference's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.recordings import TRACKER
from hiervox.evaluation.table import Utterance
from hiervox.processors.pitch import SEMITONES_PER_OCTAVE, F0Contour

LEAST_VOICED = 10
OCTAVE_ERROR = 1.6
"""Further from the median, by this factor, F0 counts as a tracker's error.

Such is a tenth of what DIO finds in ten recordings of LibriSpeech test-other: 4.4 semitones instead of 2.8.
"""


def semitone_deviation(f0: F0Contour) -> float | None:
    """Standard deviation in semitones of the voiced frames of a contour (T,) in Hz; None of fewer than ten.

    Octave errors of the tracker are left out. In semitones, a low and a high voice of the same intonation
    have the same value.
    """
    voiced = f0[f0 > 0].astype(np.float64)
    if voiced.size:
        median = np.median(voiced)
        voiced = voiced[(voiced > median / OCTAVE_ERROR) & (voiced < median * OCTAVE_ERROR)]
    return float(SEMITONES_PER_OCTAVE * np.log2(voiced).std()) if voiced.size >= LEAST_VOICED else None


class PitchVariation(Metric):
    """Monotonous speech has a smaller standard deviation of F0 than the human recording of the same words."""

    name = "f0_variation"
    measures = "standard deviation of F0 in semitones, of the recording and of the reference"
    paper = "tracker: WORLD's DIO, Morise et al. 2016"
    needs = ("reference",)
    columns = ("f0_std", "f0_std_reference")
    figures: ClassVar[Mapping[str, Figure]] = {
        "f0_std": Figure("F0 deviation", "neither", "semitones"),
        "f0_std_reference": Figure("F0 deviation of the reference", "neither", "semitones"),
    }

    @property
    def settings(self) -> Mapping[str, str]:
        return {"F0": TRACKER}

    def score(self, utterance: Utterance) -> Scores | None:
        found = {"f0_std": self._deviation(utterance.audio)}
        if utterance.reference is not None:
            found["f0_std_reference"] = self._deviation(utterance.reference)
        return {column: value for column, value in found.items() if value is not None}

    def _deviation(self, file: Path) -> float | None:
        return semitone_deviation(self.context.recordings.f0(file))
