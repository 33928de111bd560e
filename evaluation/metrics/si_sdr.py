"""Scale-invariant ratios of signal to distortion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from hiervox.evaluation.metric import Figure, Scores
from hiervox.evaluation.paired import PairedMetric
from hiervox.processors.audio import Waveform


class SignalToDistortion(PairedMetric):
    """SI-SDR, and SI-SNR: the same of waveforms with their means taken out."""

    name = "si_sdr"
    measures = "scale-invariant signal-to-distortion ratio (SI-SDR, SI-SNR) to a reference of the same length"
    paper = "Le Roux et al., arXiv 1811.02508"
    requires: ClassVar[Mapping[str, str]] = {"torchmetrics": "torchmetrics"}
    columns = ("si_sdr", "si_snr")
    figures: ClassVar[Mapping[str, Figure]] = {
        "si_sdr": Figure("SI-SDR", "higher", "dB"),
        "si_snr": Figure("SI-SNR", "higher", "dB"),
    }

    @property
    def settings(self) -> Mapping[str, str]:
        return {"SI-SDR": "torchmetrics, at the reference's rate"}

    def compare(self, wav: Waveform, reference: Waveform, rate: int) -> Scores:
        import torch
        from torchmetrics.functional.audio import (
            scale_invariant_signal_distortion_ratio,
            scale_invariant_signal_noise_ratio,
        )

        ours, theirs = torch.from_numpy(wav).double(), torch.from_numpy(reference).double()
        return {
            "si_sdr": float(scale_invariant_signal_distortion_ratio(ours, theirs)),
            "si_snr": float(scale_invariant_signal_noise_ratio(ours, theirs)),
        }
