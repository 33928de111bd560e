"""Structural similarity of spectrograms (Wang et al. 2004, "Image quality assessment")."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from hiervox.modules.losses.counts import real_count

WINDOW, DEVIATION = 11, 1.5
"""Of the Gaussian, in frames and mel bins."""
OFFSET = 6.0
"""Added to spectrograms between -1 and 1, as published."""
LUMINANCE, CONTRAST = 0.01**2, 0.03**2


def dissimilarity(predicted: Tensor, target: Tensor) -> Tensor:
    """1 - SSIM at each frame and bin of spectrograms (B, M, N) between -1 and 1, in float32.

    What lies beyond the edges is 0. Variances are small differences of large numbers, of which rounding makes
    up to a thousandth; so this computes in the order of the published code, whose networks were trained so.
    """
    values = [math.exp(-((place - WINDOW // 2) ** 2) / (2 * DEVIATION**2)) for place in range(WINDOW)]
    gaussian = torch.tensor(values, device=predicted.device)
    gaussian = gaussian / gaussian.sum()
    window = torch.outer(gaussian, gaussian)[None, None]
    one, other = ((mel.float().mT + OFFSET).unsqueeze(1) for mel in (predicted, target))

    def blurred(image: Tensor) -> Tensor:
        return functional.conv2d(image, window, padding=WINDOW // 2)

    mean, other_mean = blurred(one), blurred(other)
    variance = blurred(one * one) - mean.square()
    other_variance = blurred(other * other) - other_mean.square()
    covariance = blurred(one * other) - mean * other_mean
    likeness = (2 * mean * other_mean + LUMINANCE) * (2 * covariance + CONTRAST)
    greatest = (mean.square() + other_mean.square() + LUMINANCE) * (variance + other_variance + CONTRAST)
    return 1 - (likeness / greatest).squeeze(1).mT


def ssim_loss(predicted: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean of 1 - SSIM over the real frames of (B, M, N).

    The published code takes the mean over padding, too.

    Args:
        predicted, target: between -1 and 1.
        mask: (B, 1, N).
    """
    apart = dissimilarity(predicted * mask, target * mask) * mask.float()
    return apart.sum() / (real_count(mask) * predicted.shape[1])
