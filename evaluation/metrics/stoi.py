"""Short-time objective intelligibility."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from hiervox.evaluation.intelligibility import RATE, intelligibility
from hiervox.evaluation.metric import Figure, Scores
from hiervox.evaluation.paired import PairedMetric
from hiervox.processors.audio import Waveform


class Intelligibility(PairedMetric):
    """STOI and its extended form ESTOI, as pystoi computes them."""

    name = "stoi"
    measures = "short-time objective intelligibility (STOI, ESTOI) to a reference of the same length"
    paper = "Taal et al. 2011; Jensen and Taal 2016"
    requires: ClassVar[Mapping[str, str]] = {"pystoi": "pystoi"}
    columns = ("stoi", "estoi")
    figures: ClassVar[Mapping[str, Figure]] = {
        "stoi": Figure("STOI", "higher"),
        "estoi": Figure("ESTOI", "higher"),
    }
    sample_rate = RATE

    @property
    def settings(self) -> Mapping[str, str]:
        return {"STOI": "as pystoi, 10 kHz"}

    def compare(self, wav: Waveform, reference: Waveform, rate: int) -> Scores | None:
        found = intelligibility(reference, wav)
        return None if found is None else {"stoi": found[0], "estoi": found[1]}
