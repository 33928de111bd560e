"""Kullback-Leibler terms between diagonal Gaussians, directly or through a volume-preserving flow.

All return the sum over channels, averaged over the frames that `mask` keeps, as VITS does; all are
computed in float32, because they hold exponentials of log-deviations.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hiervox.modules.losses.counts import real_count


def gaussian_kl(
    mean: Tensor, log_std: Tensor, other_mean: Tensor, other_log_std: Tensor, mask: Tensor
) -> Tensor:
    """KL(N(mean, std) ‖ N(other_mean, other_std)) in closed form.

    Args:
        mean, log_std, other_mean, other_log_std: (B, C, T).
        mask: (B, 1, T).
    """
    log_ratio = other_log_std.float() - log_std.float()
    distance = (mean.float() - other_mean.float()).square() * torch.exp(-2 * other_log_std.float())
    kl = log_ratio - 0.5 + 0.5 * (torch.exp(-2 * log_ratio) + distance)
    return _mean_over_frames(kl, mask)


def flow_kl(
    sample: Tensor, source_log_std: Tensor, target_mean: Tensor, target_log_std: Tensor, mask: Tensor
) -> Tensor:
    """KL of a Gaussian, carried through a flow, against another Gaussian, from one sample (VITS, eq. 4).

    The entropy of the source is exact, since the flow keeps volume (mean-only couplings and flips); the
    cross term is estimated at the carried sample.

    Args:
        sample: (B, C, T), drawn from the source and carried by the flow to where the target lives.
        source_log_std: (B, C, T) of the Gaussian that the sample was drawn from.
        target_mean, target_log_std: (B, C, T).
        mask: (B, 1, T).
    """
    log_ratio = target_log_std.float() - source_log_std.float()
    distance = (sample.float() - target_mean.float()).square() * torch.exp(-2 * target_log_std.float())
    return _mean_over_frames(log_ratio - 0.5 + 0.5 * distance, mask)


def bidirectional_flow_kl(
    posterior_in_prior: Tensor,
    prior_in_posterior: Tensor,
    posterior_mean: Tensor,
    posterior_log_std: Tensor,
    prior_mean: Tensor,
    prior_log_std: Tensor,
    mask: Tensor,
) -> tuple[Tensor, Tensor]:
    """Both directions between posterior and prior (NaturalSpeech, arXiv 2205.04421, section 3.3).

    The backward term brings the posterior, simplified by the flow, to the prior; the forward term brings the
    prior, enriched by the inverse flow, to the posterior, which is the direction that inference takes.

    Args:
        posterior_in_prior: (B, C, T) posterior sample after the flow.
        prior_in_posterior: (B, C, T) prior sample after the inverse flow.
        posterior_mean, posterior_log_std, prior_mean, prior_log_std: (B, C, T).
        mask: (B, 1, T).

    Returns:
        the backward and the forward term.
    """
    backward = flow_kl(posterior_in_prior, posterior_log_std, prior_mean, prior_log_std, mask)
    forward = flow_kl(prior_in_posterior, prior_log_std, posterior_mean, posterior_log_std, mask)
    return backward, forward


def _mean_over_frames(kl: Tensor, mask: Tensor) -> Tensor:
    return (kl * mask.float()).sum() / real_count(mask)
