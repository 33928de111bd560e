"""Tests of `hiervox.modules.diffusion.score_unet` at a tiny size."""

from __future__ import annotations

import pytest
import torch

from hiervox.modules.diffusion.score_unet import ScoreUNet, ScoreUNetSizes

SIZES = ScoreUNetSizes(
    channels=8, multipliers=(1, 2), condition_channels=4, n_heads=2, head_channels=4, n_groups=2
)


def _inputs(frames: int) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(1)
    noisy, prior = torch.randn(2, 2, 4, frames, generator=generator)
    style = torch.randn(2, 3, 1, generator=generator)
    return noisy, prior, torch.ones(2, 1, frames), style, torch.tensor([0.2, 0.9])


def test_frames_that_are_no_multiple_are_padding_inside() -> None:
    torch.manual_seed(0)
    network = ScoreUNet(SIZES, style_channels=3, n_outputs=2).eval()
    noisy, prior, mask, style, time = _inputs(8)
    mask[:, :, 7:] = 0
    masked = noisy * mask, prior * mask
    whole = network(*masked, mask, style, time)
    short = network(masked[0][..., :7], masked[1][..., :7], mask[..., :7], style, time)
    assert [each.shape for each in short] == [(2, 4, 7)] * 2
    assert not whole[0][..., 7:].any()
    for one, other in zip(whole, short, strict=True):
        assert torch.allclose(one[..., :7], other, atol=1e-6)
    assert not torch.allclose(*short)


def test_every_input_and_every_weight_counts() -> None:
    torch.manual_seed(0)
    network = ScoreUNet(SIZES, style_channels=3)
    inputs = [each.requires_grad_() for each in _inputs(6)]
    network(*inputs)[0].square().sum().backward()
    counted = {0, 1, 3, 4}
    assert all(inputs[number].grad is not None and inputs[number].grad.abs().sum() > 0 for number in counted)
    # attention begins with a gain of 0
    without = [name for name, weight in network.named_parameters() if not weight.grad.abs().sum() > 0]
    assert all("attention" in name and "gain" not in name for name in without)


def test_groups_that_do_not_divide_are_refused() -> None:
    with pytest.raises(ValueError, match="n_groups"):
        ScoreUNetSizes(channels=12)
