"""Tests of `hiervox.modules.kernels.fused_activation`: the same as step by step, in values and gradients."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from hiervox.modules.activations.alias_free import AliasFreeActivation
from hiervox.modules.activations.snake import SnakeBeta
from hiervox.modules.kernels import fused_activation as fused
from hiervox.modules.kernels.activation_numba import BLOCK, HALO
from hiervox.modules.kernels.fused_activation import FusedActivation
from tests.golden import relative_error

LENGTHS = (1, 2, 3, 7, BLOCK - 1, BLOCK, BLOCK + HALO - 1, BLOCK + HALO, BLOCK + HALO + 1, 2 * BLOCK + 5)


def activation(channels: int = 3) -> FusedActivation:
    torch.manual_seed(0)
    module = AliasFreeActivation(SnakeBeta(channels))
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return FusedActivation(module)


def step_by_step(module: FusedActivation, x: Tensor) -> Tensor:
    return AliasFreeActivation.forward(module, x)


def gradients(module: FusedActivation, x: Tensor, by_step: bool) -> list[Tensor]:
    leaf = x.clone().requires_grad_()
    y = step_by_step(module, leaf) if by_step else module(leaf)
    weights = torch.linspace(-1, 1, y.numel(), dtype=x.dtype).view_as(y)
    inputs = (leaf, *module.parameters())
    return [y.detach(), *torch.autograd.grad((y * weights).sum(), inputs)]


@pytest.mark.parametrize("length", LENGTHS)
def test_values_and_gradients_in_float64(length: int) -> None:
    module = activation().double()
    x = 3 * torch.randn(2, 3, length, dtype=torch.float64)
    for ours, reference in zip(gradients(module, x, False), gradients(module, x, True), strict=True):
        assert torch.allclose(ours, reference, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_values_and_gradients_in_float32(scale: float) -> None:
    module = activation(16)
    x = scale * torch.randn(2, 16, 5000)
    exact = [tensor.float() for tensor in gradients(module.double(), x.double(), True)]
    for ours, reference in zip(gradients(module.float(), x, False), exact, strict=True):
        assert relative_error(ours, reference) < 1e-4 * max(1, scale / 10)


def test_gradcheck() -> None:
    module = activation(2).double()
    x = torch.randn(2, 2, 9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(module, (x,))


def test_the_number_of_threads_changes_nothing() -> None:
    module, x = activation(16), torch.randn(2, 16, 20_000)
    before = torch.get_num_threads()
    try:
        outputs = []
        for threads in (1, 3):
            torch.set_num_threads(threads)
            outputs.append(gradients(module, x, False))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(one, other) for one, other in zip(*outputs, strict=True))


@pytest.mark.parametrize("length", [1, 2, 7, 50, 253, 254, 255, 600])
def test_channels_side_by_side(length: int) -> None:
    module = activation(16).double()
    x = torch.randn(2, length, 16, dtype=torch.float64).transpose(1, 2)
    with torch.no_grad():
        y = module(x)
    assert y.stride() == x.stride()
    assert torch.allclose(y, step_by_step(module, x), rtol=1e-10, atol=1e-12)
    assert torch.allclose(module(x), y, rtol=1e-10, atol=1e-12)  # with gradients


def test_noncontiguous_input() -> None:
    module, x = activation(), torch.randn(2, 3, 100)[..., ::2]
    assert torch.allclose(module(x), step_by_step(module, x), atol=1e-5)


def test_bfloat16_is_no_worse_than_step_by_step() -> None:
    module, x = activation(), torch.randn(1, 3, 400)
    exact = step_by_step(module, x)
    with torch.no_grad():
        low = x.bfloat16()
        assert module(low).dtype == torch.bfloat16
        ours = (module(low).float() - exact).abs().mean()
        assert ours <= (step_by_step(module.bfloat16(), low).float() - exact).abs().mean()


def test_without_numba_it_runs_step_by_step_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    module, x = activation(), torch.randn(1, 3, 40)
    expected = module(x)
    fused.kernels.cache_clear()
    monkeypatch.setitem(sys.modules, "hiervox.modules.kernels.activation_numba", None)
    monkeypatch.delattr("hiervox.modules.kernels.activation_numba")
    monkeypatch.setattr(logging.getLogger("hiervox"), "propagate", True)
    with caplog.at_level(logging.WARNING):
        first, second = module(x), module(x)
    fused.kernels.cache_clear()
    assert torch.allclose(first, expected, atol=1e-5) and torch.equal(first, second)
    assert len({id(record) for record in caplog.records if "step by step" in record.message}) == 1


def test_a_place_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    code = (
        "import numba.core.caching as c; c.CacheImpl._locator_classes = [];"
        "from hiervox.modules.kernels import fused_activation as fused; assert fused.kernels() is not None"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def test_other_sizes_and_activations_stay() -> None:
    assert fused.fuse(AliasFreeActivation(torch.nn.ReLU())) is None
    assert fused.fuse(AliasFreeActivation(SnakeBeta(2), kernel_size=8)) is None
    assert isinstance(fused.fuse(AliasFreeActivation(SnakeBeta(2))), FusedActivation)


def test_parameters_are_shared_by_name() -> None:
    plain = AliasFreeActivation(SnakeBeta(2))
    made = FusedActivation(plain)
    assert set(made.state_dict()) == set(plain.state_dict())
    assert all(one is other for one, other in zip(made.parameters(), plain.parameters(), strict=True))


def test_importing_it_does_not_import_numba() -> None:
    code = "import sys, hiervox.modules.kernels.prepare; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_kernels_can_be_left_out() -> None:
    x = torch.randn(1, 2, 40)
    assert fused.can_fuse(x)
    try:
        fused.use_kernels(False)
        assert not fused.can_fuse(x)
    finally:
        fused.use_kernels(True)
