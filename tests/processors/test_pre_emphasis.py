"""Tests of `hiervox.processors.pre_emphasis`."""

from __future__ import annotations

import pytest
import torch

from hiervox.processors.pre_emphasis import DeEmphasis, PreEmphasisConfig, pre_emphasize


@pytest.mark.parametrize("sizes", [[1000], [1, 400, 599]])
def test_chunks_are_brought_back(sizes: list[int]) -> None:
    config = PreEmphasisConfig(coefficient=0.85, gain=0.55)
    wav = torch.rand(2, 1, 1000, generator=torch.Generator().manual_seed(0)) - 0.5
    shaped = pre_emphasize(wav, config)
    assert (shaped - wav).abs().max() > 0.1
    undo = DeEmphasis(config)
    torch.testing.assert_close(torch.cat([undo(chunk) for chunk in shaped.split(sizes, dim=2)], dim=2), wav)


def test_each_sample_is_less_the_one_before() -> None:
    config = PreEmphasisConfig(coefficient=0.5, gain=2)
    assert pre_emphasize(torch.tensor([1.0, 1.0, 0.0]), config).tolist() == [2.0, 1.0, -1.0]
    untouched = torch.tensor([0.25, -0.75])
    assert torch.equal(pre_emphasize(untouched, PreEmphasisConfig()), untouched)
    assert not PreEmphasisConfig().changes and config.changes
