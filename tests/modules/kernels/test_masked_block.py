"""Tests of `hiervox.modules.kernels.masked_block` and of the gated layer's kernel."""

from __future__ import annotations

import copy

import pytest
import torch

from hiervox.modules.diffusion.gated_layer import GatedLayer
from hiervox.modules.diffusion.score_unet import MaskedBlock, ScoreUNet, ScoreUNetSizes
from hiervox.modules.kernels import masked_block
from hiervox.modules.kernels.gated_layer import FastGatedLayer
from hiervox.modules.kernels.prepare import prepare_for_inference

needs_kernels = pytest.mark.skipif(masked_block.kernels() is None, reason="no numba, or no oneDNN")


@needs_kernels
@pytest.mark.parametrize(("height", "width", "outputs"), [(8, 12, 64), (5, 7, 96), (1, 1, 64), (80, 3, 64)])
def test_a_block_of_any_size_is_the_same(height: int, width: int, outputs: int) -> None:
    torch.manual_seed(height)
    block = MaskedBlock(72, outputs, n_groups=8).eval()
    with torch.no_grad():
        block.norm.weight.normal_()
        block.norm.bias.normal_(std=10)  # far into both ends of Mish
    x, mask = torch.randn(2, 72, height, width), torch.ones(2, 1, 1, width)
    mask[1, ..., width // 2 :] = 0
    expected = block(x, mask)
    fast = prepare_for_inference(copy.deepcopy(block))
    assert isinstance(fast, masked_block.FastMaskedBlock)
    with torch.inference_mode():
        assert torch.allclose(fast(x, mask), expected, atol=2e-3)
        alone = fast(x[:1], mask[:1])
    assert torch.allclose(alone, expected[:1], atol=2e-3)
    with pytest.raises(RuntimeError, match="inference alone"):
        fast(x.requires_grad_(), mask)


@needs_kernels
def test_a_unet_is_the_same_on_two_threads() -> None:
    torch.manual_seed(0)
    sizes = ScoreUNetSizes(channels=64, multipliers=(1, 2), condition_channels=8)
    network = ScoreUNet(sizes, style_channels=3).eval()
    inputs = *torch.randn(2, 1, 12, 10), torch.ones(1, 1, 10), torch.randn(1, 3, 1), torch.tensor([0.3])
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with torch.inference_mode():
            expected = network(*inputs)[0]
            prepared = prepare_for_inference(network)(*inputs)[0]
    finally:
        torch.set_num_threads(threads)
    assert (prepared - expected).abs().max() < 1e-3 * expected.std()


def test_few_channels_and_weights_that_have_to_stay_are_left_alone() -> None:
    small = prepare_for_inference(MaskedBlock(16, 64, n_groups=8).eval())
    plain = prepare_for_inference(MaskedBlock(64, 64, n_groups=8).eval(), plain=True)
    assert type(small) is type(plain) is MaskedBlock


def test_a_gated_layer_is_the_same() -> None:
    torch.manual_seed(0)
    layer = GatedLayer(8, 2, step_channels=4, condition_channels=6).eval()
    inputs = 3 * torch.randn(2, 8, 20), torch.randn(2, 4), torch.randn(2, 6, 20)
    mask = torch.ones(2, 1, 20)
    mask[1, :, 12:] = 0
    expected = [layer(*inputs), layer(*inputs, mask)]
    fast = prepare_for_inference(layer)
    assert isinstance(fast, FastGatedLayer)
    with torch.inference_mode():
        for own, other in zip(expected, (fast(*inputs), fast(*inputs, mask)), strict=True):
            assert all(torch.allclose(*pair, atol=1e-5) for pair in zip(own, other, strict=True))
