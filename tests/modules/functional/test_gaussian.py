"""Tests of `hiervox.modules.functional.gaussian`."""

from __future__ import annotations

import torch

from hiervox.modules.functional.gaussian import sample_gaussian


def test_draws_have_the_mean_and_the_scaled_deviation() -> None:
    mean, log_std = torch.full((1, 2, 20000), 3.0), torch.full((1, 2, 20000), 2.0).log()
    mask = torch.ones(1, 1, 20000)
    mask[..., 19000:] = 0
    z = sample_gaussian(mean, log_std, mask, 0.5, torch.Generator().manual_seed(0))
    assert not z[..., 19000:].any()
    assert abs(z[..., :19000].mean() - 3) < 0.03
    assert abs(z[..., :19000].std() - 1) < 0.03


def test_no_noise_gives_the_masked_mean() -> None:
    mean = torch.randn(1, 2, 3)
    mask = torch.tensor([[[1.0, 1.0, 0.0]]])
    assert torch.equal(sample_gaussian(mean, mean, mask, 0.0), mean * mask)


def test_a_generator_for_each_item_gives_it_the_same_noise_in_any_batch() -> None:
    mean, mask = torch.zeros(2, 3, 7), torch.ones(2, 1, 7)
    mask[1, :, 4:] = 0

    def noise(seed: int) -> torch.Generator:
        return torch.Generator().manual_seed(seed)

    together = sample_gaussian(mean, mean, mask, 1.0, [noise(5), noise(6)])
    alone = sample_gaussian(mean[:1, :, :4], mean[:1, :, :4], mask[:1, :, :4], 1.0, noise(6))
    assert torch.equal(together[1:, :, :4], alone)
    assert not together[1, :, 4:].any()
    assert torch.equal(together[:1], sample_gaussian(mean[:1], mean[:1], mask[:1], 1.0, [noise(5)]))
