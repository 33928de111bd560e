"""Losses of DiffComoSVC (arXiv 2401.01792, section 3)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hiervox.models.svc.diffcomo_svc.network import DiffComoSVC, PriorOutput
from hiervox.modules.losses.counts import real_count


def prior_loss(output: PriorOutput) -> Tensor:
    """Negative log-likelihood of the recorded frames under unit Gaussians around the prediction.

    The published code divides by the number of bins twice.
    """
    error = (output.mel - output.prior).float().square() + math.log(2 * math.pi)
    return 0.5 * (error * output.mask).sum() / (real_count(output.mask) * output.mel.shape[1])


def denoising_loss(clean: Tensor, output: PriorOutput, level: Tensor, data_deviation: float) -> Tensor:
    """Squared error of what is denoised, weighted by its noise (EDM, arXiv 2206.00364, table 1).

    Args:
        clean: (B, M, N).
        output: with the recorded spectrograms.
        level: (B,), standard deviations of the noise.
        data_deviation: of the spectrograms.
    """
    weight = (level.square() + data_deviation**2) / (level * data_deviation).square()
    error = weight[:, None, None] * (clean - output.mel).float().square() * output.mask
    return error.sum() / (real_count(output.mask) * clean.shape[1])


@torch.no_grad()
def consistency_target(
    student: DiffComoSVC, teacher: DiffComoSVC, output: PriorOutput, low: Tensor, high: Tensor, noise: Tensor
) -> Tensor:
    """What a student's average makes at the lower of two noise levels, (B, M, N) (algorithm 1).

    From one to the other leads a step of Heun's by the teacher.

    Args:
        student: with its average.
        teacher: of the same sizes.
        output: what the pass begins with.
        low, high: (B,), neighbouring levels.
        noise: (B, M, N), standard normal, at the higher one.
    """
    prior, mask = output.prior, output.mask
    step = (low - high)[:, None, None]
    noisy = output.mel + high[:, None, None] * (noise + prior)
    slope = (noisy - teacher.denoise(noisy, high, prior, mask)) / high[:, None, None]
    point = noisy + step * slope
    after = (point - teacher.denoise(point, low, prior, mask)) / low[:, None, None]
    return student.denoise(noisy + step * (slope + after) / 2, low, prior, mask, student.average)
