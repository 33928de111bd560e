"""Convolutions in three passes of bfloat16: they agree with float32, and are chosen where the CPU has AMX."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.modules.kernels import split_bfloat16
from hiervox.modules.kernels.prepare import prepare_for_inference
from hiervox.modules.kernels.split_bfloat16 import SIDE, SplitBfloat16, kernels, packed_parts

TOLERANCE = 5e-5  # of the standard deviation
needs_amx = pytest.mark.skipif(
    not getattr(torch.cpu, "_is_amx_tile_supported", bool)(),
    reason="this CPU multiplies no tiles of bfloat16",
)


def _split(weight: Tensor, bias: Tensor | None = None, **sizes: int) -> SplitBfloat16:
    compiled = kernels()
    assert compiled is not None
    return SplitBfloat16(compiled, weight, bias, **sizes)


@needs_amx
@pytest.mark.parametrize("channels", [(32, 32), (48, 56), (64, 100)])
@pytest.mark.parametrize(
    ("taps", "padding", "stride", "dilation"), [(1, 0, 1, 1), (5, 2, 1, 1), (4, 9, 2, 1), (3, 5, 1, 5)]
)
@pytest.mark.parametrize(("batch", "samples"), [(1, 70), (3, 33), (2, 6)])
def test_it_agrees_with_double_precision(
    channels: tuple[int, int], taps: int, padding: int, stride: int, dilation: int, batch: int, samples: int
) -> None:
    torch.manual_seed(0)
    weight, bias = torch.randn(channels[1], channels[0], taps), torch.randn(channels[1])
    x = torch.randn(batch, samples, channels[0])
    expected = F.conv1d(x.double().mT, weight.double(), bias.double(), stride, padding, dilation).mT
    actual = _split(weight, bias, padding=padding, stride=stride, dilation=dilation)(x)
    assert actual.shape == expected.shape and actual.is_contiguous()
    assert (actual - expected).abs().max() < TOLERANCE * expected.std()


@needs_amx
def test_large_and_small_numbers_keep_their_digits() -> None:
    torch.manual_seed(0)
    weight, x = torch.randn(32, 32, 1), torch.randn(1, 40, 32)
    for scale in (1e-20, 1e20):
        expected = scale * (x.double() @ weight[..., 0].double().T)
        assert (_split(weight)(scale * x) - expected).abs().max() < TOLERANCE * expected.std()


@needs_amx
def test_a_sample_does_not_depend_on_where_it_lies_nor_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    convolution = _split(torch.randn(64, 64, 3), torch.randn(64), padding=1)
    x = torch.randn(2, 300, 64)
    whole = convolution(x)
    assert torch.equal(convolution(x[1:, 17:90])[:, 1:-1], whole[1:, 18:89])
    monkeypatch.setattr(split_bfloat16, "LEAST_PRODUCTS_A_THREAD", 1)
    for threads in (2, 3):
        monkeypatch.setattr(torch, "get_num_threads", lambda count=threads: count)
        assert torch.equal(convolution(x), whole)
        assert torch.equal(convolution(x[:, :20])[:, :19], whole[:, :19])  # shared by output channels


@needs_amx
def test_nothing_gives_nothing() -> None:
    assert _split(torch.randn(32, 32, 3), padding=1)(torch.empty(0, 9, 32)).shape == (0, 9, 32)
    assert _split(torch.randn(32, 32, 1))(torch.empty(2, 0, 32)).shape == (2, 0, 32)


@needs_amx
def test_wide_layers_are_packed_so() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv1d(64, 96, 5, padding=2), nn.ConvTranspose1d(96, 48, 4, 2, 1))
    x = torch.randn(1, 64, 50)
    expected = network(x)
    prepare_for_inference(network)
    assert all(isinstance(layer._kernel, SplitBfloat16) for layer in network)
    with torch.inference_mode():
        assert (network(x) - expected).abs().max() < TOLERANCE * expected.std()


@needs_amx
def test_layers_stay_in_float32_where_asked_to() -> None:
    network = nn.Sequential(nn.Conv1d(64, 96, 5, padding=2), nn.ConvTranspose1d(96, 48, 4, 2, 1))
    prepare_for_inference(network, exact=True)
    assert not any(isinstance(layer._kernel, SplitBfloat16) for layer in network)


def test_both_parts_of_the_weights_add_up() -> None:
    torch.manual_seed(0)
    weight = torch.randn(40, 70, 3)
    packed = packed_parts(weight)
    assert packed.shape == (2, 3, 3, 2 * SIDE * SIDE)
    tiles = packed.float().view(2, 3, 3, 2, 2, 16, 16, 2).sum(3)  # panel, tap, step, column, pair, channel, 2
    restored = tiles.permute(0, 3, 5, 2, 4, 6, 1).reshape(64, 96, 3)
    assert (restored[:40, :70] - weight).abs().max() < 2**-16 * weight.abs().max()
    assert not restored[40:].any() and not restored[:, 70:].any()


def test_nothing_is_compiled_for_a_cpu_without_amx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False, raising=False)
    assert kernels.__wrapped__() is None


@needs_amx
def test_nothing_is_compiled_where_numba_compiles_for_another_cpu() -> None:
    code = "from hiervox.modules.kernels.split_bfloat16 import kernels; print(kernels())"
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "NUMBA_CPU_NAME": "generic"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0 and result.stdout.split() == ["None"], result.stderr
    assert "another CPU" in result.stderr


def test_a_kernel_that_computes_something_else_is_refused() -> None:
    def convolve(x: Any, weights: Any, bias: Any, y: Any, *sizes: int) -> None:
        y[:] = 0

    with pytest.raises(RuntimeError, match="something else"):
        split_bfloat16._require_agreement(SimpleNamespace(convolve=convolve))  # type: ignore[arg-type]


@needs_amx
def test_a_first_call_under_autocast_is_checked_in_float32() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert kernels.__wrapped__() is not None
