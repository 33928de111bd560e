"""How far a generated spectrogram is from the recording's."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def mel_l1(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference of two log-mel spectrograms (B, M, N), in float32 (HiFi-GAN, section 2.4)."""
    return F.l1_loss(predicted.float(), target.float())
