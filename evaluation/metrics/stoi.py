"""Short-time objective intelligibility."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import ClassVar

from hiervox.evaluation.metric import Figure, Scores
from hiervox.evaluation.paired import PairedMetric
from hiervox.processors.audio import Waveform

SAMPLE_RATE = 10000
"""What STOI is defined at; pystoi would resample to it."""


class Intelligibility(PairedMetric):
    """STOI and its extended form ESTOI, by pystoi."""

    name = "stoi"
    measures = "short-time objective intelligibility (STOI, ESTOI) to a reference of the same length"
    paper = "Taal et al. 2011; Jensen and Taal 2016"
    requires: ClassVar[Mapping[str, str]] = {"pystoi": "pystoi"}
    columns = ("stoi", "estoi")
    figures: ClassVar[Mapping[str, Figure]] = {
        "stoi": Figure("STOI", "higher"),
        "estoi": Figure("ESTOI", "higher"),
    }
    sample_rate = SAMPLE_RATE

    @property
    def settings(self) -> Mapping[str, str]:
        return {"STOI": "pystoi, 10 kHz"}

    def compare(self, wav: Waveform, reference: Waveform, rate: int) -> Scores | None:
        from pystoi import stoi

        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            try:
                return {
                    "stoi": float(stoi(reference, wav, rate)),
                    "estoi": float(stoi(reference, wav, rate, extended=True)),
                }
            except RuntimeWarning:  # under 0.4 s of speech pystoi returns 1e-5 with a warning
                return None
