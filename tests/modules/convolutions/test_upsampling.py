"""Tests of `hiervox.modules.convolutions.upsampling`."""

from __future__ import annotations

import torch

from hiervox.modules.convolutions.upsampling import UpsamplingStage


@torch.no_grad()
def test_upsampling_stage_halves_channels_raises_the_rate_and_adds_before_its_blocks() -> None:
    stage, x, addition = (
        UpsamplingStage.with_amp_blocks(4, 5, 11, (3,), (1,)),
        torch.randn(1, 4, 6),
        torch.randn(1, 2, 30),
    )
    assert stage(x).shape == (1, 2, 30)
    torch.testing.assert_close(stage(x, addition), stage.blocks(stage.up(x) + addition))
