"""Linear spectrograms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hiervox.models.base.data.spectra import SpectralFeature
from hiervox.processors.spectrogram import linear_spectrogram

if TYPE_CHECKING:
    from torch import Tensor


class Linear(SpectralFeature):
    """Magnitude spectrogram of the clip by the experiment's `mel`, without mel filters: (B, n_bins, N)."""

    name = "linear"

    def transform(self, wav: Tensor) -> Tensor:
        """(1, T) → (1, n_bins, N)."""
        with torch.inference_mode():
            return linear_spectrogram(wav, self.config.mel)
