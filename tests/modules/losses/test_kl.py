from __future__ import annotations

import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from hiervox.modules.losses.kl import bidirectional_flow_kl, flow_kl, gaussian_kl


def gaussians() -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    mask = torch.tensor([[[1.0] * 5], [[1.0] * 3 + [0.0] * 2]])
    mean, other_mean = torch.randn(2, 2, 3, 5)
    log_std, other_log_std = 0.3 * torch.randn(2, 2, 3, 5)
    return mean, log_std, other_mean, other_log_std, mask


def test_gaussian_kl_is_that_of_torch_distributions() -> None:
    mean, log_std, other_mean, other_log_std, mask = gaussians()
    exact = kl_divergence(Normal(mean, log_std.exp()), Normal(other_mean, other_log_std.exp()))
    expected = (exact * mask).sum() / 8  # real frames
    torch.testing.assert_close(gaussian_kl(mean, log_std, other_mean, other_log_std, mask), expected)


def test_flow_kl_of_many_samples_is_the_closed_form() -> None:
    mean, log_std, other_mean, other_log_std, mask = gaussians()
    copies = 20_000
    samples = mean.repeat_interleave(copies, 0) + torch.randn(
        2 * copies, 3, 5
    ) * log_std.exp().repeat_interleave(copies, 0)
    wide = [tensor.repeat_interleave(copies, 0) for tensor in (log_std, other_mean, other_log_std, mask)]
    estimate = flow_kl(samples, *wide)
    expected = gaussian_kl(mean, log_std, other_mean, other_log_std, mask)
    torch.testing.assert_close(estimate, expected, rtol=2e-2, atol=0)


def test_flow_kl_by_hand() -> None:
    # log 2 - 0.5 + (3 - 1)² / (2 · 2²) for each of 2 channels
    two, one = torch.full((1, 2, 1), 2.0), torch.ones(1, 2, 1)
    value = flow_kl(3 * one, 0 * one, one, two.log(), torch.ones(1, 1, 1))
    torch.testing.assert_close(value, 2 * (torch.tensor(2.0).log() - 0.5 + 0.5))


def test_both_directions_swap_the_roles() -> None:
    mean, log_std, other_mean, other_log_std, mask = gaussians()
    in_prior, in_posterior = torch.randn(2, 2, 3, 5)
    backward, forward = bidirectional_flow_kl(
        in_prior, in_posterior, mean, log_std, other_mean, other_log_std, mask
    )
    torch.testing.assert_close(backward, flow_kl(in_prior, log_std, other_mean, other_log_std, mask))
    torch.testing.assert_close(forward, flow_kl(in_posterior, other_log_std, mean, log_std, mask))
    assert not torch.isclose(backward, forward)


def test_padding_does_not_count() -> None:
    mean, log_std, other_mean, other_log_std, mask = gaussians()
    dirty = mean + 100 * (1 - mask)
    clean = gaussian_kl(mean, log_std, other_mean, other_log_std, mask)
    torch.testing.assert_close(gaussian_kl(dirty, log_std, other_mean, other_log_std, mask), clean)
