"""Log-spectral distance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from hiervox.evaluation.metric import Figure, Scores
from hiervox.evaluation.paired import PairedMetric
from hiervox.evaluation.spectra import LSD_FFT, LSD_HOP, log_spectral_distance
from hiervox.processors.audio import Waveform


class LogSpectralDistance(PairedMetric):
    """LSD, the usual figure of super-resolution."""

    name = "lsd"
    measures = "log-spectral distance to a reference of the same length"
    paper = "Kuleshov et al., arXiv 1708.00853, section 4"
    columns = ("lsd",)
    figures: ClassVar[Mapping[str, Figure]] = {"lsd": Figure("LSD", "lower")}

    @property
    def settings(self) -> Mapping[str, str]:
        return {"LSD": f"log10 power, FFT {LSD_FFT}, hop {LSD_HOP}, at the reference's rate"}

    def compare(self, wav: Waveform, reference: Waveform, rate: int) -> Scores:
        return {"lsd": log_spectral_distance(wav, reference)}
