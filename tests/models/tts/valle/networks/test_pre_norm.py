"""Tests of `hiervox.models.tts.valle.networks.pre_norm`."""

from __future__ import annotations

import torch

from hiervox.models.tts.valle.networks.pre_norm import PreNormTransformer, PreNormTransformerSizes


def test_caches_give_what_the_whole_sequence_gives() -> None:
    torch.manual_seed(0)
    sizes = PreNormTransformerSizes(channels=16, filter_channels=32, n_heads=2, n_layers=2)
    network = PreNormTransformer(sizes, condition_channels=8).eval()
    x, condition = torch.randn(2, 7, 16), torch.randn(1, 1, 8)
    mask = torch.ones(7, 7).tril().bool()[None, None]
    caches = network.new_caches()
    with torch.no_grad():
        whole = network(x, mask, condition)
        parts = [network(x[:, :4], mask[..., :4, :4], condition, caches)]
        parts += [network(x[:, [t]], None, condition, caches) for t in range(4, 7)]
    torch.testing.assert_close(torch.cat(parts, 1), whole)
