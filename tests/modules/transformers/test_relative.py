"""Tests of `hiervox.modules.transformers.relative`."""

from __future__ import annotations

import torch

from hiervox.modules.transformers.relative import RelativeTransformer, TransformerSizes


@torch.no_grad()
def test_padding_does_not_change_real_frames() -> None:
    torch.manual_seed(0)
    network = RelativeTransformer(8, TransformerSizes(filter_channels=16, n_layers=2, kernel_size=5)).eval()
    x, mask = torch.randn(1, 8, 10), torch.ones(1, 1, 10)
    mask[..., 6:] = 0
    padded = network(x, mask)
    torch.testing.assert_close(padded[..., :6], network(x[..., :6], mask[..., :6]))
    assert not padded[..., 6:].any()


@torch.no_grad()
def test_order_of_frames_counts() -> None:
    # without a convolution that could tell it
    sizes = TransformerSizes(filter_channels=16, n_layers=1, kernel_size=1, dropout=0.0)
    network = RelativeTransformer(8, sizes).eval()
    x, mask = torch.randn(1, 8, 6), torch.ones(1, 1, 6)
    assert not torch.allclose(network(x.flip(2), mask), network(x, mask).flip(2), atol=1e-4)
