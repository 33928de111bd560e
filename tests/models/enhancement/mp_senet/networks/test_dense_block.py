"""Tests of `hiervox.models.enhancement.mp_senet.networks.dense_block`."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from hiervox.models.enhancement.mp_senet.networks.dense_block import DilatedDenseBlock, NormalizedConvolution


def test_each_layer_sees_all_before_it_newest_first() -> None:
    block = DilatedDenseBlock(channels=2, depth=3)
    assert [layer.convolution.in_channels for layer in block.layers] == [2, 4, 6]
    x = torch.randn(1, 2, 9, 5)
    first = block.layers[0](x)
    second = block.layers[1](torch.cat([first, x], dim=1))
    third = block.layers[2](torch.cat([second, first, x], dim=1))
    assert torch.equal(block(x), third)


@pytest.mark.parametrize(("depth", "receptive_field"), [(1, 1), (2, 3), (3, 7)])
def test_reach_in_time_doubles_with_every_layer(depth: int, receptive_field: int) -> None:
    block = DilatedDenseBlock(channels=1, depth=depth)
    for layer in block.layers:
        layer.norm = nn.Identity()  # which sees all of the map
    x = torch.zeros(1, 1, 41, 5, requires_grad=True)
    block(x)[0, 0, 20, 2].backward()
    assert x.grad is not None
    frames = x.grad[0, 0].abs().sum(1).nonzero().view(-1).tolist()
    assert (min(frames), max(frames)) == (20 - receptive_field, 20 + receptive_field)


def test_each_channel_is_normalised_over_its_map() -> None:
    torch.manual_seed(0)  # weights near zero would leave a map so small that epsilon counts
    layer = NormalizedConvolution(nn.Conv2d(2, 3, 1))
    layer.activation = nn.Identity()
    y = layer(3 + 5 * torch.randn(2, 2, 20, 10))
    torch.testing.assert_close(y.mean((2, 3)), torch.zeros(2, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(y.std((2, 3), correction=0), torch.ones(2, 3), atol=1e-3, rtol=0)


def test_a_large_map_is_normalised_precisely() -> None:
    torch.manual_seed(0)
    layer = NormalizedConvolution(nn.Conv2d(1, 16, 1)).eval()
    layer.convolution = nn.Identity()
    x = (0.5 + torch.randn(1, 16, 640, 200)).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        actual, expected = layer(x), layer.double()(x.double())
    torch.testing.assert_close(actual.double(), expected, atol=5e-6, rtol=0)
