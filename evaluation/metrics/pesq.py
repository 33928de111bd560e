"""PESQ, wide band, by the reference implementation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from hiervox.evaluation.metric import Figure, Scores
from hiervox.evaluation.paired import PairedMetric
from hiervox.processors.audio import Waveform

SAMPLE_RATE = 16000


class PerceptualQuality(PairedMetric):
    """PESQ (wide band). The package holds the ITU's C code and no wheel: it needs a compiler."""

    name = "pesq"
    measures = "perceptual quality against a reference of the same length, wide band (MOS-LQO)"
    paper = "ITU-T P.862.2"
    requires: ClassVar[Mapping[str, str]] = {"pesq": "pesq"}
    columns = ("pesq",)
    figures: ClassVar[Mapping[str, Figure]] = {"pesq": Figure("PESQ-WB", "higher")}
    sample_rate = SAMPLE_RATE

    @property
    def settings(self) -> Mapping[str, str]:
        return {"PESQ": "package pesq, wide band, 16 kHz"}

    def compare(self, wav: Waveform, reference: Waveform, rate: int) -> Scores | None:
        from pesq import NoUtterancesError, pesq
        from pesq.cypesq import BufferTooShortError

        try:
            return {"pesq": float(pesq(rate, reference, wav, "wb"))}
        except (NoUtterancesError, BufferTooShortError):
            return None
