"""Tests of `hiervox.modules.normalization.layer_norm`."""

from __future__ import annotations

import torch

from hiervox.modules.normalization.layer_norm import ChannelLayerNorm


def test_channels_are_normalised_at_each_time_alone() -> None:
    norm = ChannelLayerNorm(2)
    with torch.no_grad():
        norm.gamma.copy_(torch.tensor([1.0, 2.0]))
        norm.beta.copy_(torch.tensor([0.0, 10.0]))
    x = torch.tensor([[[1.0, 100.0], [3.0, -100.0]]])
    expected = torch.tensor([[[-1.0, 1.0], [12.0, 8.0]]])
    torch.testing.assert_close(norm(x), expected, atol=1e-4, rtol=0)
