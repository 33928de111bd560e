"""Multi-resolution STFT distance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from hiervox.evaluation.metric import Figure, Scores
from hiervox.evaluation.paired import PairedMetric
from hiervox.evaluation.spectra import LEAST_POWER, RESOLUTIONS, multi_resolution_distance
from hiervox.processors.audio import Waveform


class MultiResolutionDistance(PairedMetric):
    """Spectral convergence and log-magnitude distance over three resolutions."""

    name = "stft"
    measures = "multi-resolution STFT distance to a reference of the same length"
    paper = "Parallel WaveGAN, arXiv 1910.11480, section 2.2"
    columns = ("stft_convergence", "stft_log")
    figures: ClassVar[Mapping[str, Figure]] = {
        "stft_convergence": Figure("MR-STFT convergence", "lower"),
        "stft_log": Figure("MR-STFT log magnitude", "lower"),
    }

    @property
    def settings(self) -> Mapping[str, str]:
        sizes = ", ".join(f"{fft}/{hop}/{window}" for fft, hop, window in RESOLUTIONS)
        return {"MR-STFT": f"FFT/hop/window {sizes}, at the reference's rate, power at least {LEAST_POWER:g}"}

    def compare(self, wav: Waveform, reference: Waveform, rate: int) -> Scores:
        convergence, logarithmic = multi_resolution_distance(wav, reference)
        return {"stft_convergence": convergence, "stft_log": logarithmic}
