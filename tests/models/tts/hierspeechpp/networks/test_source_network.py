"""Tests of `hiervox.models.tts._hierarchy.networks.source_network`."""

from __future__ import annotations

import torch

from hiervox.models.tts._hierarchy.config import SourceSizes
from hiervox.models.tts._hierarchy.networks.source_network import SourceNetwork


@torch.no_grad()
def test_source_network_raises_the_rate_to_that_of_f0() -> None:
    sizes = SourceSizes(initial_channels=16, block_kernel_sizes=(3, 5), block_dilations=(1, 3))
    network = SourceNetwork(sizes, latent_channels=6, style_channels=5)
    features, log_f0 = network(torch.randn(2, 6, 7), torch.randn(2, 5, 1))
    assert network.out_channels == 4
    assert features.shape == (2, 4, 28)
    assert log_f0.shape == (2, 1, 28)
