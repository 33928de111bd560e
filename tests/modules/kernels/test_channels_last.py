"""Tests of `hiervox.modules.kernels.channels_last`."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from hiervox.modules.convolutions.amp_block import AMPBlock
from hiervox.modules.convolutions.residual_block import MeanOfBlocks
from hiervox.modules.kernels.channels_last import (
    ChannelsLastBlocks,
    ChannelsLastConvolution,
    gains_from_channels_last,
    is_channels_last,
    to_channels_last,
)
from tests.golden import relative_error


@pytest.mark.parametrize("options", [{"padding": "same"}, {"padding": 3, "stride": 2}, {"dilation": 3}])
def test_the_same_as_the_convolution(options: dict[str, object]) -> None:
    convolution = nn.Conv1d(16, 8, 5, **options)  # type: ignore[arg-type]
    x = torch.randn(2, 16, 300)
    with torch.no_grad():
        y = ChannelsLastConvolution(convolution)(to_channels_last(x))
        assert is_channels_last(y)
        assert relative_error(y, convolution(x)) < 1e-5


def test_blocks_give_the_same_in_both_layouts() -> None:
    torch.manual_seed(0)
    blocks = ChannelsLastBlocks(MeanOfBlocks(AMPBlock(16, kernel_size, (1, 3)) for kernel_size in (3, 7)))
    x = torch.randn(2, 16, 400)
    expected = blocks(x).detach()  # with gradients: as it is
    with torch.no_grad():
        assert gains_from_channels_last(x)
        y = blocks(x)
    assert is_channels_last(y)
    assert relative_error(y, expected) < 1e-5


def test_where_nothing_is_gained_the_layout_stays() -> None:
    with torch.no_grad():
        assert not gains_from_channels_last(torch.zeros(1, 128, 4000))
        assert not gains_from_channels_last(torch.zeros(1, 32, 10))
        assert not gains_from_channels_last(torch.zeros(1, 32, 4000, dtype=torch.float64))
    assert not gains_from_channels_last(torch.zeros(1, 32, 4000))
