from __future__ import annotations

import torch
from torch import Tensor

from hiervox.modules.flows.spline import rational_quadratic_spline

BOUND = 3.0


def random_spline(n_inputs: int) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    return torch.randn(n_inputs, 6), torch.randn(n_inputs, 6), torch.randn(n_inputs, 5)


def same_spline(n_inputs: int) -> tuple[Tensor, Tensor, Tensor]:
    widths, heights, derivatives = random_spline(1)
    return widths.expand(n_inputs, -1), heights.expand(n_inputs, -1), derivatives.expand(n_inputs, -1)


def test_inverse_undoes_the_spline_and_its_determinant() -> None:
    inputs = torch.linspace(-4, 4, 200)
    outputs, log_derivative = rational_quadratic_spline(inputs, *random_spline(200), BOUND)
    back, inverse_log_derivative = rational_quadratic_spline(
        outputs, *random_spline(200), BOUND, inverse=True
    )
    torch.testing.assert_close(back, inputs, atol=1e-4, rtol=0)
    torch.testing.assert_close(inverse_log_derivative, -log_derivative, atol=1e-3, rtol=1e-3)


def test_log_derivative_is_that_of_autograd() -> None:
    inputs = torch.linspace(-4, 4, 101, requires_grad=True)
    outputs, log_derivative = rational_quadratic_spline(inputs, *random_spline(101), BOUND)
    (derivative,) = torch.autograd.grad(outputs.sum(), inputs)
    torch.testing.assert_close(log_derivative, derivative.log(), atol=1e-3, rtol=1e-3)


def test_one_spline_is_increasing_continuous_and_ends_at_the_bounds() -> None:
    inputs = torch.linspace(-BOUND, BOUND, 10_001)
    outputs, _ = rational_quadratic_spline(inputs, *same_spline(10_001), BOUND)
    steps = outputs.diff()
    assert (steps > 0).all()
    assert steps.max() < 0.05
    torch.testing.assert_close(outputs[[0, -1]], torch.tensor([-BOUND, BOUND]))


def test_beyond_the_bounds_it_is_the_identity() -> None:
    inputs = torch.tensor([-100.0, -3.01, 3.01, 7.0])
    outputs, log_derivative = rational_quadratic_spline(inputs, *random_spline(4), BOUND)
    assert torch.equal(outputs, inputs)
    assert torch.equal(log_derivative, torch.zeros(4))


def test_gradients_are_finite_far_outside() -> None:
    sizes = [tensor.requires_grad_() for tensor in random_spline(3)]
    outputs, log_derivative = rational_quadratic_spline(torch.tensor([-1e6, 0.0, 1e6]), *sizes, BOUND)
    (outputs.sum() + log_derivative.sum()).backward()
    assert all(torch.isfinite(tensor.grad).all() for tensor in sizes)
