"""PESQ, wide band, approximated in PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from hiervox.evaluation.metric import Figure, Scores
from hiervox.evaluation.metrics.pesq import LONGEST_SECONDS
from hiervox.evaluation.paired import PairedMetric
from hiervox.processors.audio import Waveform

SAMPLE_RATE = 16000


class ApproximatePerceptualQuality(PairedMetric):
    """torch-pesq's approximation of PESQ (wide band): no alignment in time, no compiler.

    Its values are not those of P.862.2 and must not be quoted as PESQ.
    """

    name = "pesq_torch"
    measures = "an approximation of wide-band PESQ that needs no compiler; not comparable with published PESQ"
    paper = "ITU-T P.862.2, as torch-pesq approximates it"
    requires: ClassVar[Mapping[str, str]] = {"torch_pesq": "torch-pesq"}
    columns = ("pesq_torch",)
    figures: ClassVar[Mapping[str, Figure]] = {"pesq_torch": Figure("PESQ (torch-pesq)", "higher")}
    sample_rate = SAMPLE_RATE

    @property
    def settings(self) -> Mapping[str, str]:
        return {"PESQ (torch-pesq)": f"wide band, 16 kHz, no alignment in time, at most {LONGEST_SECONDS} s"}

    @cached_property
    def _network(self) -> Any:
        from torch_pesq import PesqLoss

        return PesqLoss(0.5, sample_rate=SAMPLE_RATE)

    def compare(self, wav: Waveform, reference: Waveform, rate: int) -> Scores | None:
        import torch

        if wav.size > LONGEST_SECONDS * rate:
            return None

        with torch.inference_mode():
            score = self._network.mos(torch.from_numpy(reference)[None], torch.from_numpy(wav)[None])
        return {"pesq_torch": float(score)}
