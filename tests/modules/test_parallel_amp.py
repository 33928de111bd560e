"""Tests of `modules.parallel_amp`."""

from __future__ import annotations

import torch

from modules.parallel_amp import ParallelAMPBlocks
from modules.upsampling import UpsamplingStage


@torch.no_grad()
def test_parallel_blocks_are_averaged() -> None:
    network, x = ParallelAMPBlocks(4, (3, 7), (1, 3)), torch.randn(1, 4, 20)
    torch.testing.assert_close(network(x), (network.blocks[0](x) + network.blocks[1](x)) / 2)


@torch.no_grad()
def test_upsampling_stage_halves_channels_raises_the_rate_and_adds_before_its_blocks() -> None:
    stage, x, addition = UpsamplingStage(4, 5, 11, (3,), (1,)), torch.randn(1, 4, 6), torch.randn(1, 2, 30)
    assert stage(x).shape == (1, 2, 30)
    torch.testing.assert_close(stage(x, addition), stage.blocks(stage.up(x) + addition))
