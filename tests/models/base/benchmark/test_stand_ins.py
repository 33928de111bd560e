"""Tests of `hiervox.models.base.benchmark.stand_ins`."""

from __future__ import annotations

import torch

from hiervox.models.base.benchmark.stand_ins import rearrange


def test_axes_are_split_reordered_and_joined_by_name() -> None:
    x = torch.arange(2 * 12 * 3 * 5).view(2, 12, 3, 5)
    split = rearrange(x, "b (qkv heads c) h w -> qkv b heads c (h w)", qkv=3, heads=2)
    assert torch.equal(split, x.view(2, 3, 2, 2, 15).permute(1, 0, 2, 3, 4))
    joined = rearrange(split[0], "b heads c (h w) -> b (heads c) h w", heads=2, h=3, w=5)
    assert torch.equal(joined, x[:, :4])
