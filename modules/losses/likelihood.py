"""Likelihood of what a flow has mapped to a Gaussian."""

from __future__ import annotations

import math

from torch import Tensor

from hiervox.modules.losses.counts import real_count


def gaussian_flow_nll(
    z: Tensor, mean: Tensor, log_std: Tensor, log_determinant: Tensor, mask: Tensor
) -> Tensor:
    """Negative log-likelihood an element, in float32 (Glow-TTS, arXiv 2005.11129, equations 1 and 2).

    Args:
        z: (B, C, T) that the flow made.
        mean, log_std: (B, C, T) of the prior, 0 on padding.
        log_determinant: (B,) of the flow.
        mask: (B, 1, T).
    """
    z, mean, log_std = z.float(), mean.float(), log_std.float()
    distance = 0.5 * (-2 * log_std).exp() * (z - mean).square()
    total = ((log_std + distance) * mask).sum() - log_determinant.float().sum()
    return total / (real_count(mask) * z.shape[1]) + 0.5 * math.log(2 * math.pi)
