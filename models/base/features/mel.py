"""Mel spectrograms."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import torch

from hiervox.models.base.data.spectra import SpectralFeature
from hiervox.processors.spectrogram import log_mel

if TYPE_CHECKING:
    from torch import Tensor


class Mel(SpectralFeature):
    """Log-mel spectrogram of the clip by the experiment's `mel`: (B, n_mels, N).

    It is computed of the segment that is trained on, whose edges it reflects, as GAN vocoders do.
    """

    name = "mel"

    @property
    def padding(self) -> float:
        """The value of digital silence."""
        return log(self.config.mel.floor)

    def transform(self, wav: Tensor) -> Tensor:
        """(1, T) → (1, n_mels, N)."""
        with torch.inference_mode():
            return log_mel(wav, self.config.mel)
