"""Compiled passes of dense blocks: they agree with the layers, whatever the sizes and threads."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from hiervox.models.base.checkpoints.inference import prepared
from hiervox.models.enhancement.mp_senet.config import MPSENetConfig
from hiervox.models.enhancement.mp_senet.networks.dense_block import DilatedDenseBlock
from hiervox.models.enhancement.mp_senet.networks.mp_senet import MPSENet
from hiervox.models.enhancement.mp_senet.replacements import small_dense_block
from hiervox.modules.kernels import fused_dense_block
from hiervox.modules.kernels.fused_dense_block import FusedDenseBlock, can_fuse, kernels
from hiervox.modules.kernels.packed_2d import PackedDenseBlock

TOLERANCE = 1e-5  # of the standard deviation
needs_kernels = pytest.mark.skipif(
    kernels(small_dense_block) is None, reason="no compiled passes on this CPU"
)


def _block(channels: int = 16, depth: int = 4) -> DilatedDenseBlock:
    """All weights random, those that start as ones or zeros too, in double precision."""
    torch.manual_seed(0)
    block = DilatedDenseBlock(channels, depth).eval()
    for parameter in block.parameters():
        parameter.data.add_(0.2 * torch.randn_like(parameter))
    return block.double()


def _fused(block: DilatedDenseBlock) -> FusedDenseBlock:
    compiled = kernels(small_dense_block)
    assert compiled is not None
    return FusedDenseBlock(compiled, copy.deepcopy(block).float())


def _error(actual: Tensor, expected: Tensor) -> float:
    return float((actual - expected).abs().max() / expected.std())


@pytest.fixture
def inference() -> Iterator[None]:
    with torch.inference_mode():
        yield


@needs_kernels
@pytest.mark.parametrize("shape", [(2, 5), (3, 7), (16, 1), (17, 50), (33, 101), (90, 96)])
@pytest.mark.parametrize(("channels", "depth"), [(16, 1), (16, 4), (32, 2), (64, 4)])
def test_it_agrees_with_the_layers(
    inference: None, channels: int, depth: int, shape: tuple[int, int]
) -> None:
    block, x = _block(channels, depth), torch.randn(1, channels, *shape)
    actual = _fused(block)(x)
    assert actual.shape == x.shape
    assert _error(actual, block(x.double())) < TOLERANCE


@needs_kernels
@pytest.mark.parametrize("dilation", [1, 2, 3, 8])
@pytest.mark.parametrize("shape", [(1, 1), (5, 4), (8, 9), (25, 97)])
def test_every_cell_sees_its_neighbours_and_zeros_beyond_the_edge(
    inference: None, dilation: int, shape: tuple[int, int]
) -> None:
    layer = _block(16, 2).layers[1]
    layer.convolution.dilation, layer.convolution.padding = (dilation, 1), (dilation, 1)
    maps = torch.randn(2, *shape, 16)
    y = torch.full((*shape, 16), torch.nan)
    block = DilatedDenseBlock(16, 0)
    block.layers.append(layer)
    fused_layer = _fused(block)._layers[0]
    statistics = fused_layer._convolve(maps, y).double().sum(0)
    planes = maps.double().permute(0, 3, 1, 2).flatten(0, 1)[None]
    bias = layer.convolution.bias[:, None, None]
    expected = (layer.convolution(planes)[0] - bias).permute(1, 2, 0)
    torch.testing.assert_close(y.double(), expected, atol=1e-5, rtol=0)
    sums = torch.stack([expected.sum((0, 1)), expected.square().sum((0, 1))])
    torch.testing.assert_close(statistics, sums, atol=1e-3, rtol=1e-5)


@needs_kernels
def test_a_map_far_from_zero_is_normalised_precisely(inference: None) -> None:
    block, x = _block(16, 1), 10 + torch.randn(1, 16, 60, 70)
    assert _error(_fused(block)(x), block(x.double())) < 1e-4


@needs_kernels
def test_threads_change_nothing(inference: None, monkeypatch: pytest.MonkeyPatch) -> None:
    fused, x = _fused(_block()), torch.randn(1, 16, 41, 50)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    alone = fused(x)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert torch.equal(fused(x), alone)


@needs_kernels
def test_items_are_kept_apart_and_the_input_stays(inference: None) -> None:
    fused = _fused(_block())
    x = torch.randn(3, 16, 21, 18)
    kept = x.clone()
    together = fused(x)
    assert torch.equal(x, kept)
    for number in range(3):
        assert torch.equal(fused(x[number : number + 1]), together[number : number + 1])


@needs_kernels
def test_a_gradient_is_refused() -> None:
    with pytest.raises(RuntimeError, match="inference"):
        _fused(_block())(torch.randn(1, 16, 4, 4, requires_grad=True))


def test_only_fitting_sizes_are_fused() -> None:
    assert can_fuse(DilatedDenseBlock(16)) and can_fuse(DilatedDenseBlock(64))
    assert not can_fuse(DilatedDenseBlock(24)) and not can_fuse(DilatedDenseBlock(16).double())
    with torch.autocast("cpu"):
        assert not can_fuse(DilatedDenseBlock(16))


def test_without_kernels_the_layers_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = MPSENet(MPSENetConfig(channels=16, dense_depth=2, n_blocks=1, n_heads=1, kernel_size=5)).eval()
    layers, passes = copy.deepcopy(network), copy.deepcopy(network)
    prepared(passes, "mp_senet")
    monkeypatch.setattr(fused_dense_block, "kernels", lambda _: None)
    prepared(layers, "mp_senet")
    for part in ("encoder", "mask_decoder", "phase_decoder"):
        assert isinstance(getattr(layers, part).dense, PackedDenseBlock)
        assert isinstance(getattr(passes, part).dense, FusedDenseBlock) == (
            kernels(small_dense_block) is not None
        )
    spectrum = torch.rand(2, 201, 23), torch.randn(2, 201, 23)
    with torch.inference_mode():
        expected = network(*spectrum)[0]
        for ready in (layers, passes):
            assert _error(ready(*spectrum)[0], expected) < 1e-4


@needs_kernels
def test_passes_that_compute_something_else_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = kernels(small_dense_block)
    assert compiled is not None
    monkeypatch.setattr(compiled, "activate", lambda *_: None)
    assert fused_dense_block.kernels.__wrapped__(small_dense_block) is None
