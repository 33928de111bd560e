"""Scale-invariant ratios of signal to distortion."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hiervox.evaluation.metric import Figure, Scores
from hiervox.evaluation.paired import PairedMetric
from hiervox.processors.audio import Waveform

BLOCK = 2**20
"""Samples in double precision at once."""
EPS = float(np.finfo(np.float64).eps)
"""Added to every sum, as torchmetrics does."""


def signal_to_distortion(wav: Waveform, reference: Waveform, centred: bool = False) -> float:
    """SI-SDR in dB of waveforms (T,), as torchmetrics has it.

    Args:
        wav, reference: of one length.
        centred: whether the means are taken out before, which gives SI-SNR.
    """
    means = (wav.mean(dtype=np.float64), reference.mean(dtype=np.float64)) if centred else (0.0, 0.0)

    def blocks() -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        for begin in range(0, wav.size, BLOCK):
            ours, theirs = wav[begin : begin + BLOCK], reference[begin : begin + BLOCK]
            yield ours.astype(np.float64) - means[0], theirs.astype(np.float64) - means[1]

    common, power = np.sum([(ours @ theirs, theirs @ theirs) for ours, theirs in blocks()], axis=0)
    scale = (common + EPS) / (power + EPS)
    distortion = sum(float(np.square(scale * theirs - ours).sum()) for ours, theirs in blocks())
    return 10 * math.log10((scale**2 * power + EPS) / (distortion + EPS))


class SignalToDistortion(PairedMetric):
    """SI-SDR, and SI-SNR: the same of waveforms with their means taken out."""

    name = "si_sdr"
    measures = "scale-invariant signal-to-distortion ratio (SI-SDR, SI-SNR) to a reference of the same length"
    paper = "Le Roux et al., arXiv 1811.02508"
    columns = ("si_sdr", "si_snr")
    figures: ClassVar[Mapping[str, Figure]] = {
        "si_sdr": Figure("SI-SDR", "higher", "dB"),
        "si_snr": Figure("SI-SNR", "higher", "dB"),
    }

    @property
    def settings(self) -> Mapping[str, str]:
        return {"SI-SDR": "as torchmetrics, at the reference's rate"}

    def compare(self, wav: Waveform, reference: Waveform, rate: int) -> Scores:
        return {
            "si_sdr": signal_to_distortion(wav, reference),
            "si_snr": signal_to_distortion(wav, reference, centred=True),
        }
