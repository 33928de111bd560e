"""How far generated spectrograms and pitch are from the recording's."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from hiervox.modules.losses.counts import real_count


def mel_l1(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference of two log-mel spectrograms (B, M, N), in float32 (HiFi-GAN, section 2.4)."""
    return F.l1_loss(predicted.float(), target.float())


def masked_l1(predicted: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error of (B, C, T) where `mask` (B, 1, T) is 1, in float32; 0 where it never is."""
    error = (predicted.float() - target.float()).abs() * mask.float()
    return error.sum() / (real_count(mask) * predicted.shape[1])


def masked_mse(predicted: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error of (B, C, T) where `mask` (B, 1, T) is 1, in float32; 0 where it never is."""
    error = (predicted.float() - target.float()).square() * mask.float()
    return error.sum() / (real_count(mask) * predicted.shape[1])


def log_f0_l1(predicted: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error of log(F0 + 1) over the real frames of a slice.

    Args:
        predicted, target: (B, 1, T) at 200 frames/s.
        mask: (B, 1, T).
    """
    return masked_l1(predicted, target, mask)
