"""Tests of `hiervox.modules.convolutions.residual_block`."""

from __future__ import annotations

import torch

from hiervox.modules.convolutions.amp_block import ParallelAMPBlocks


@torch.no_grad()
def test_parallel_blocks_are_averaged() -> None:
    network, x = ParallelAMPBlocks(4, (3, 7), (1, 3)), torch.randn(1, 4, 20)
    torch.testing.assert_close(network(x), (network.blocks[0](x) + network.blocks[1](x)) / 2)
