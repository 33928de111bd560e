"""Tests of `modules.kernels.activation_triton`: the same as step by step, in values and gradients."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec

import pytest
import torch
from torch import Tensor

from hiervox.modules.activations.alias_free import AliasFreeActivation
from hiervox.modules.activations.snake import SnakeBeta
from hiervox.modules.kernels import fused_activation as fused
from tests.golden import relative_error

needs_gpu = pytest.mark.skipif(
    not torch.cuda.is_available() or find_spec("triton") is None, reason="needs a GPU and Triton"
)
LENGTHS = (1, 2, 3, 5, 8, 15, 16, 17, 18, 19, 20, 24, 33, 240, 1000, 16411)

# Run by Triton's interpreter, which must be chosen before the kernels are imported.
INTERPRETED = """
import torch
from hiervox.modules.kernels import activation_triton
from tests.modules.kernels.test_activation_triton import errors_of

lengths = (1, 2, 3, 8, 15, 16, 17, 18, 19, 20, 24, 33, 64, 70)
for length in lengths:
    for error in errors_of(activation_triton, length, torch.device("cpu")):
        assert error < 1e-4, (length, error)
activation_triton.FORWARD, activation_triton.BACKWARD = (8, 64, 2), (16, 32, 1)
for error in errors_of(activation_triton, 40, torch.device("cpu"), frequency=20.0):
    assert error < 1e-4, error
"""


def module_of(channels: int) -> fused.FusedActivation:
    """With coefficients that differ by channel."""
    module = AliasFreeActivation(SnakeBeta(channels)).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return fused.FusedActivation(module)


def errors_of(
    kernels: object,
    length: int,
    device: torch.device,
    dtype: torch.dtype = torch.float32,
    frequency: float = 1.0,
    offset: int = 0,
) -> list[float]:
    """Errors of y and of the gradients by x, α and magnitude, over the largest value of each in float64.

    Inputs begin `offset` values behind an aligned address; memory that outputs may be given holds NaN.
    """
    torch.manual_seed(length)
    x = (3 * torch.randn(offset + 6 * length)).to(dtype)
    gradient = torch.randn(offset + 6 * length).to(dtype)
    alpha, magnitude = frequency * (torch.rand(3) + 0.5), torch.rand(3) + 0.5
    rows = [tensor[offset:].view(2, 3, length) for tensor in (x, gradient)]
    exact = _exact(*(tensor.double() for tensor in (*rows, alpha, magnitude)))
    for _ in range(2):
        torch.full((2, 3, length), float("nan"), dtype=dtype, device=device)
    taps = AliasFreeActivation(SnakeBeta(3)).filter.view(-1)
    x, gradient, *constants = (tensor.to(device) for tensor in (x, gradient, alpha, magnitude, taps))
    x, gradient = (tensor[offset:].view(2, 3, length) for tensor in (x, gradient))
    ours = (
        kernels.forward_pass(x, *constants),  # type: ignore[attr-defined]
        *kernels.backward_pass(x, gradient, *constants),  # type: ignore[attr-defined]
    )
    return [
        float((one.cpu().double() - other).abs().max() / other.abs().max())
        for one, other in zip(ours, exact, strict=True)
    ]


def _exact(x: Tensor, gradient: Tensor, alpha: Tensor, magnitude: Tensor) -> list[Tensor]:
    class Sine(torch.nn.Module):
        def forward(self, u: Tensor) -> Tensor:
            return u + magnitude[:, None] * torch.sin(alpha[:, None] * u) ** 2

    inputs = [tensor.requires_grad_() for tensor in (x, alpha, magnitude)]
    y = AliasFreeActivation(Sine()).double()(x)
    return [y.detach(), *torch.autograd.grad(y, inputs, gradient)]


@pytest.mark.skipif(find_spec("triton") is None, reason="needs Triton")
def test_values_and_gradients_by_the_interpreter() -> None:
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    subprocess.run([sys.executable, "-c", INTERPRETED], check=True, env=environment, timeout=300)


@needs_gpu
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.bfloat16, 1e-2), (torch.float16, 2e-3)]
)
def test_values_and_gradients_on_a_gpu(length: int, dtype: torch.dtype, tolerance: float) -> None:
    from hiervox.modules.kernels import activation_triton

    assert max(errors_of(activation_triton, length, torch.device("cuda"), dtype)) < tolerance


@needs_gpu
@pytest.mark.parametrize("frequency", [1e-3, 30.0])
def test_slow_and_quick_sines_on_a_gpu(frequency: float) -> None:
    from hiervox.modules.kernels import activation_triton

    assert max(errors_of(activation_triton, 4000, torch.device("cuda"), frequency=frequency)) < 1e-4


@needs_gpu
def test_memory_that_is_not_aligned_on_a_gpu() -> None:
    from hiervox.modules.kernels import activation_triton

    assert max(errors_of(activation_triton, 64, torch.device("cuda"), offset=1)) < 1e-4


@needs_gpu
def test_the_module_takes_the_kernel_and_its_parameters_learn() -> None:
    module, x = module_of(16), torch.randn(2, 16, 5000, dtype=torch.float64)
    exact = _gradients(module, x, AliasFreeActivation.forward)
    module.float().to("cuda")
    assert fused.can_fuse(x.float().cuda())
    for one, other in zip(
        _gradients(module, x.float().cuda(), fused.FusedActivation.forward), exact, strict=True
    ):
        assert relative_error(one.cpu(), other.float()) < 1e-4


@needs_gpu
def test_a_view_and_autocast_on_a_gpu() -> None:
    module = module_of(3).float().to("cuda")
    x = torch.randn(2, 100, 3, device="cuda").mT
    torch.testing.assert_close(module(x), AliasFreeActivation.forward(module, x), rtol=1e-4, atol=1e-5)
    with torch.autocast("cuda", dtype=torch.bfloat16):
        assert module(x.bfloat16()).dtype == torch.bfloat16


@needs_gpu
def test_float64_runs_step_by_step_on_a_gpu() -> None:
    module = module_of(2).to("cuda")
    x = torch.randn(2, 2, 9, dtype=torch.float64, device="cuda", requires_grad=True)
    assert not fused.can_fuse(x)
    assert torch.autograd.gradcheck(module, (x,))


def _gradients(module: fused.FusedActivation, x: Tensor, forward: Callable[..., Tensor]) -> list[Tensor]:
    leaf = x.clone().requires_grad_()
    y = forward(module, leaf)
    weights = torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view(y.shape).to(y)
    return [y.detach(), *torch.autograd.grad((y * weights).sum(), (leaf, *module.parameters()))]


def test_without_triton_there_is_one_line_and_no_kernel(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    name = "hiervox.modules.kernels.activation_triton"
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delattr(name, raising=False)
    monkeypatch.setattr(logging.getLogger("hiervox"), "propagate", True)
    fused.gpu_kernels.cache_clear()
    with caplog.at_level(logging.WARNING):
        found = [fused.gpu_kernels(torch.device("cuda", 0), torch.float32) for _ in range(2)]
    fused.gpu_kernels.cache_clear()
    assert found == [None, None]
    assert len({id(record) for record in caplog.records if "step by step" in record.message}) == 1
