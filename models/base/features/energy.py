"""Energy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hiervox.models.base.data.spectra import SpectralFeature
from hiervox.processors.spectrogram import linear_spectrogram

if TYPE_CHECKING:
    from torch import Tensor


class Energy(SpectralFeature):
    """L2 norm of each frame of the magnitude spectrogram (FastSpeech 2, arXiv 2006.04558, 2.3): (B, N)."""

    name = "energy"

    def transform(self, wav: Tensor) -> Tensor:
        """(1, T) → (1, N)."""
        with torch.inference_mode():
            return linear_spectrogram(wav, self.config.mel).norm(dim=1)
