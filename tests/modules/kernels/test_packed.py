"""Layers with weights laid out for the CPU: they agree with plain ones."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from hiervox.modules.kernels import packed
from hiervox.modules.kernels.channels_last import is_channels_last
from hiervox.modules.kernels.packed import (
    PackedConvolution,
    PackedUpsampling,
    PackedUpsampling2d,
    can_be_packed,
)
from hiervox.modules.kernels.packed_2d import PackedConvolution2d
from hiervox.modules.kernels.prepare import prepare_for_inference
from hiervox.modules.kernels.winograd import TILINGS, transformed_taps, transforms

PACKED = (PackedConvolution, PackedConvolution2d, PackedUpsampling, PackedUpsampling2d)
TOLERANCE = 5e-5  # of the standard deviation


@pytest.fixture(autouse=True)
def _float32_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on CPUs that multiply no tiles of bfloat16."""
    monkeypatch.setattr(packed, "kernels", lambda: None)


def _packed(layer: nn.Module) -> nn.Module:
    network = nn.Sequential(copy.deepcopy(layer))
    prepare_for_inference(network)
    assert isinstance(network[0], PACKED)
    return network


def _require_agreement(layer: nn.Module, x: Tensor) -> None:
    with torch.inference_mode():
        actual = _packed(layer)(x)
        expected = copy.deepcopy(layer).double()(x.double())
    assert actual.shape == expected.shape and actual.dtype == torch.float32
    assert (actual - expected).abs().max() < TOLERANCE * max(float(expected.std()), 1e-3)


@pytest.mark.parametrize("kernel_size", [1, 3, 5, 7, 9, 11])
@pytest.mark.parametrize("dilation", [1, 3])
@pytest.mark.parametrize(("batch", "samples"), [(1, 50), (2, 37), (1, 2)])
def test_convolutions_agree(kernel_size: int, dilation: int, batch: int, samples: int) -> None:
    torch.manual_seed(0)
    layer = nn.Conv1d(128, 136, kernel_size, dilation=dilation, padding="same")
    _require_agreement(layer, torch.randn(batch, 128, samples))


@pytest.mark.parametrize("channels", [8, 64])
def test_narrow_ones_without_bias_agree(channels: int) -> None:
    torch.manual_seed(0)
    _require_agreement(nn.Conv1d(channels, 16, 7, padding=3, bias=False), torch.randn(2, channels, 40))
    _require_agreement(nn.Conv1d(channels, 16, 4, stride=2, padding=1), torch.randn(2, channels, 40))


def test_wide_ones_of_three_taps_agree() -> None:
    torch.manual_seed(0)
    _require_agreement(nn.Conv1d(256, 256, 3, padding=1), torch.randn(2, 256, 21))


def test_padding_of_another_length_agrees() -> None:
    torch.manual_seed(0)
    for padding in (0, 1, 9):
        _require_agreement(nn.Conv1d(128, 128, 5, padding=padding), torch.randn(1, 128, 30))


@pytest.mark.parametrize("shape", [(3, 24), (2, 7, 24), (1, 24)])
def test_linear_layers_agree(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    _require_agreement(nn.Linear(24, 40), torch.randn(shape))


@pytest.mark.parametrize(
    ("kernel_size", "stride", "padding", "output_padding"),
    [(4, 2, 1, 0), (8, 4, 2, 0), (11, 5, 3, 0), (4, 4, 0, 0), (3, 2, 1, 1), (10, 5, 3, 1)],
)
def test_upsampling_agrees(kernel_size: int, stride: int, padding: int, output_padding: int) -> None:
    torch.manual_seed(0)
    layer = nn.ConvTranspose1d(32, 16, kernel_size, stride, padding, output_padding)
    for batch, samples in ((1, 20), (2, 1)):
        _require_agreement(layer, torch.randn(batch, 32, samples))


@pytest.mark.parametrize(("dilation", "padding"), [((1, 1), (1, 1)), ((4, 1), (4, 1)), ((1, 1), (0, 0))])
def test_convolutions_of_several_maps_agree(dilation: tuple[int, int], padding: tuple[int, int]) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(16, 24, 3, padding=padding, dilation=dilation)
    maps = torch.randn(2, 8, 13, 9), torch.randn(2, 8, 13, 9)
    with torch.inference_mode():
        expected = layer(torch.cat(maps, dim=1))
        actual = PackedConvolution2d(layer, packed._operators(), maps=2)(*maps)
    assert actual.is_contiguous(memory_format=torch.channels_last)
    assert (actual - expected).abs().max() < TOLERANCE * expected.std()


@pytest.mark.parametrize("stride", [1, 2])
def test_convolutions_of_maps_agree(stride: int) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(16, 8, (1, 3), (1, stride), bias=False)
    _require_agreement(layer, torch.randn(2, 16, 6, 11))


@pytest.mark.parametrize(("taps", "stride", "padding"), [(3, 2, 0), (4, 2, 1)])
def test_upsampling_of_maps_along_frequency_agrees(taps: int, stride: int, padding: int) -> None:
    torch.manual_seed(0)
    layer = nn.ConvTranspose2d(16, 8, (1, taps), (1, stride), (0, padding))
    _require_agreement(layer, torch.randn(2, 16, 6, 11))


def test_linear_layers_take_the_activation_behind_them() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Linear(16, 32), nn.SiLU(), nn.Linear(32, 8), nn.ReLU())
    x = torch.randn(3, 16)
    expected = layers(x)
    prepare_for_inference(layers)
    assert isinstance(layers[1], nn.Identity) and isinstance(layers[3], nn.ReLU)
    assert (layers(x) - expected).abs().max() < TOLERANCE * expected.std()


def test_results_have_their_channels_side_by_side() -> None:
    with torch.inference_mode():
        assert is_channels_last(_packed(nn.Conv1d(128, 128, 5, padding=2))(torch.randn(2, 128, 30)))


def test_what_cannot_be_packed_stays() -> None:
    kept = [
        nn.Conv1d(16, 16, 3, groups=16),
        nn.Conv1d(1, 16, 3),
        nn.Conv1d(16, 16, 3, padding=1, padding_mode="reflect"),
        nn.Conv1d(16, 16, 4, padding="same"),
        nn.Conv1d(16, 16, 1, stride=2),
        nn.Linear(16, 1),
        nn.Linear(16, 16).to(torch.bfloat16),
        nn.ConvTranspose1d(16, 16, 4, dilation=2),
        nn.ConvTranspose1d(16, 16, 4, stride=2, output_padding=1),
        nn.Conv2d(16, 16, 3, padding="same"),
        nn.Conv2d(2, 16, 1),
        nn.ConvTranspose2d(16, 16, (3, 3), (2, 2)),
    ]
    assert not any(can_be_packed(layer) for layer in kept)
    network = nn.Sequential(*kept)
    prepare_for_inference(network)
    assert not any(isinstance(layer, PACKED) for layer in network)
    assert all(one.weight is other.weight for one, other in zip(network, kept, strict=True))


def test_nothing_is_packed_under_autocast() -> None:
    network = nn.Sequential(nn.Linear(16, 16))
    with torch.autocast("cpu", torch.bfloat16):
        prepare_for_inference(network)
    assert isinstance(network[0], nn.Linear)


def test_gradients_are_refused() -> None:
    with pytest.raises(RuntimeError, match="inference"):
        _packed(nn.Linear(16, 16))(torch.randn(2, 16, requires_grad=True))


@pytest.mark.parametrize("taps", TILINGS)
def test_tiles_filter_exactly_in_double_precision(taps: int) -> None:
    torch.manual_seed(0)
    tiling = TILINGS[taps]
    weight, samples = torch.randn(1, 1, taps).double(), torch.randn(40).double()
    of_samples, _, of_products = transforms(tiling.outputs, tiling.taps)
    by_point = transformed_taps(weight, tiling)[:, 0, 0]
    tiles = (of_samples @ samples.unfold(0, tiling.points, tiling.outputs)[: tiling.parts].T).T
    actual = of_products @ (by_point.T * tiles).sum(0)
    expected = torch.nn.functional.conv1d(samples.view(1, 1, -1), weight).flatten()
    torch.testing.assert_close(actual, expected[: tiling.outputs])
