"""Compiled passes of Conformers: they agree with the layers, whatever the sizes and threads."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from hiervox.models.base.checkpoints.inference import prepared
from hiervox.models.enhancement.mp_senet.config import MPSENetConfig
from hiervox.models.enhancement.mp_senet.networks.grid_conformer import GridConformer
from hiervox.models.enhancement.mp_senet.networks.mp_senet import MPSENet, TwoStageBlock
from hiervox.models.enhancement.mp_senet.replacements import small_conformer
from hiervox.modules.kernels import fused_conformer
from hiervox.modules.kernels.fused_conformer import (
    FusedConformer,
    FusedConformers,
    can_fuse,
    kernels,
)

TOLERANCE = 1e-5  # of the standard deviation
needs_kernels = pytest.mark.skipif(kernels(small_conformer) is None, reason="no compiled passes on this CPU")
SMALL = MPSENetConfig(channels=32, dense_depth=1, n_blocks=2, n_heads=2, kernel_size=5)


def _network(channels: int = 32, heads: int = 2, taps: int = 5) -> GridConformer:
    """All weights random, those that start as ones or zeros too."""
    torch.manual_seed(0)
    network = GridConformer(channels, heads, taps).eval()
    for parameter in network.parameters():
        parameter.data.add_(0.2 * torch.randn_like(parameter))
    network.convolution.batch_norm.running_mean.normal_()
    return network


@pytest.fixture
def inference() -> Iterator[None]:
    with torch.inference_mode():
        yield


def _fused(network: GridConformer, grid: Tensor, attends_along_rows: bool) -> Tensor:
    compiled = kernels(small_conformer)
    assert compiled is not None
    y = grid.clone()
    FusedConformer(compiled, network)(y, torch.empty_like(y), attends_along_rows)
    return y


@needs_kernels
@pytest.mark.parametrize("attends_along_rows", [True, False])
@pytest.mark.parametrize("shape", [(1, 1), (2, 50), (49, 3), (17, 96), (130, 7)])
@pytest.mark.parametrize(("channels", "heads", "taps"), [(32, 2, 5), (32, 1, 31), (64, 4, 31)])
def test_it_agrees_with_the_layers(
    inference: None,
    channels: int,
    heads: int,
    taps: int,
    shape: tuple[int, int],
    attends_along_rows: bool,
) -> None:
    network, grid = _network(channels, heads, taps), torch.randn(*shape, channels)
    turned = grid.transpose(0, 1) if attends_along_rows else grid
    y = turned + network(turned[None])[0]
    expected = y.transpose(0, 1) if attends_along_rows else y
    assert (_fused(network, grid, attends_along_rows) - expected).abs().max() < TOLERANCE * expected.std()


@needs_kernels
def test_sharp_attention_neither_overflows_nor_fades(inference: None) -> None:
    network, grid = _network(), torch.randn(70, 3, 32)
    network.attention.query_key_value.weight.data.mul_(30)
    expected = grid + network(grid[None])[0]
    assert (_fused(network, grid, False) - expected).abs().max() < 1e-3 * expected.std()


@needs_kernels
def test_threads_change_nothing(inference: None, monkeypatch: pytest.MonkeyPatch) -> None:
    network, grid = _network(), torch.randn(20, 30, 32)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    alone = _fused(network, grid, True)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert torch.equal(_fused(network, grid, True), alone)


@needs_kernels
def test_a_pair_leaves_its_input_and_keeps_items_apart(inference: None) -> None:
    torch.manual_seed(0)
    block = TwoStageBlock(SMALL).eval()
    x = torch.randn(2, 32, 21, 18)
    expected, kept = block(x), x.clone()
    compiled = kernels(small_conformer)
    assert compiled is not None
    fused = FusedConformers(compiled, block.over_time, block.over_frequency)
    actual = fused(x)
    assert actual.shape == x.shape and torch.equal(x, kept)
    assert (actual - expected).abs().max() < TOLERANCE * expected.std()
    alone = fused(x[1:].contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(alone, actual[1:])


@needs_kernels
def test_a_gradient_is_refused() -> None:
    compiled = kernels(small_conformer)
    assert compiled is not None
    with pytest.raises(RuntimeError, match="inference"):
        FusedConformers(compiled, _network(), _network())(torch.randn(1, 32, 4, 4, requires_grad=True))


def test_only_fitting_sizes_are_fused() -> None:
    assert can_fuse(GridConformer(32, 2)) and can_fuse(GridConformer(64, 4))
    assert not can_fuse(GridConformer(32, 4)) and not can_fuse(GridConformer(24, 1))
    assert not can_fuse(GridConformer(32, 2).double())
    with torch.autocast("cpu"):
        assert not can_fuse(GridConformer(32, 2))


def test_without_kernels_the_layers_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = MPSENet(SMALL).eval()
    layers, passes = copy.deepcopy(network), copy.deepcopy(network)
    prepared(passes, "mp_senet")
    monkeypatch.setattr(fused_conformer, "kernels", lambda _: None)
    prepared(layers, "mp_senet")
    assert isinstance(layers.blocks[0], TwoStageBlock)
    assert isinstance(passes.blocks[0], FusedConformers) == (kernels(small_conformer) is not None)
    spectrum = torch.rand(2, 201, 23), torch.randn(2, 201, 23)
    with torch.inference_mode():
        expected = network(*spectrum)[0]
        for ready in (layers, passes):
            assert (ready(*spectrum)[0] - expected).abs().max() < 1e-4 * expected.std()


@needs_kernels
def test_passes_that_compute_something_else_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = kernels(small_conformer)
    assert compiled is not None
    monkeypatch.setattr(compiled, "convolve", lambda *_: None)
    assert fused_conformer.kernels.__wrapped__(small_conformer) is None
