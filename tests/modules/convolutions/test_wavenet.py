"""Tests of `hiervox.modules.convolutions.wavenet`."""

from __future__ import annotations

import pytest
import torch

from hiervox.modules.convolutions.wavenet import WaveNet, WaveNetSizes


def stack(**sizes: int) -> WaveNet:
    torch.manual_seed(0)
    return WaveNet(
        WaveNetSizes(hidden_channels=4, kernel_size=3, n_layers=3), dilation_rate=2, **sizes
    ).eval()


@torch.no_grad()
def test_padding_does_not_change_real_frames() -> None:
    network, x, condition = stack(condition_channels=5), torch.randn(1, 4, 12), torch.randn(1, 5, 1)
    mask = torch.ones(1, 1, 12)
    mask[..., 7:] = 0
    padded = network(x * mask, mask, condition)
    torch.testing.assert_close(padded[..., :7], network(x[..., :7], mask[..., :7], condition))
    assert not padded[..., 7:].any()


@torch.no_grad()
def test_reach_is_that_of_the_dilations() -> None:
    network, x = stack(), torch.zeros(1, 4, 41)
    moved = x.clone()
    moved[..., 20] = 1
    mask = torch.ones(1, 1, 41)
    changed = (network(moved, mask) - network(x, mask)).abs().sum(1)[0].nonzero().flatten()
    assert (changed.min(), changed.max()) == (20 - 7, 20 + 7)  # 1 + 2 + 4


@torch.no_grad()
def test_condition_counts() -> None:
    network, x, mask = stack(condition_channels=5), torch.randn(1, 4, 6), torch.ones(1, 1, 6)
    assert not torch.allclose(network(x, mask, torch.ones(1, 5, 1)), network(x, mask, torch.zeros(1, 5, 1)))


def test_even_kernels_are_refused() -> None:
    with pytest.raises(ValueError, match="odd"):
        WaveNet(WaveNetSizes(hidden_channels=4, kernel_size=4, n_layers=1))
