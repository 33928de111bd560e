"""Tests of `hiervox.modules.encoders.posterior`."""

from __future__ import annotations

import torch

from hiervox.modules.convolutions.wavenet import WaveNetSizes
from hiervox.modules.encoders.posterior import PosteriorEncoder


@torch.no_grad()
def test_wavenet_posterior_follows_the_mask() -> None:
    torch.manual_seed(0)
    network = PosteriorEncoder(
        WaveNetSizes(hidden_channels=8, n_layers=2), in_channels=6, latent_channels=4, style_channels=5
    ).eval()
    features, style, mask = torch.randn(1, 6, 10), torch.randn(1, 5, 1), torch.ones(1, 1, 10)
    mask[..., 7:] = 0
    padded = network(features, mask, style)
    alone = network(features[..., :7], mask[..., :7], style)
    for statistics, expected in zip(padded, alone, strict=True):
        torch.testing.assert_close(statistics[..., :7], expected)
        assert not statistics[..., 7:].any()
