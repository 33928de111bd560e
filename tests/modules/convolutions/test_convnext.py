"""The ConvNeXt block."""

from __future__ import annotations

import torch

from hiervox.modules.convolutions.convnext import ConvNeXtBlock, ConvNeXtSizes


@torch.no_grad()
def test_a_frame_depends_on_its_context_alone_and_starts_near_itself() -> None:
    torch.manual_seed(0)
    block = ConvNeXtBlock(ConvNeXtSizes(channels=6, hidden_channels=12))
    x = torch.randn(1, 6, 20)
    before = block(x)
    assert before.shape == x.shape
    assert 0 < float((before - x).abs().max()) < 0.5
    x[..., 10] += 1
    changed = (block(x) != before).any(dim=1)[0].nonzero().flatten().tolist()
    assert (changed[0], changed[-1]) == (10 - block.context, 10 + block.context)
