"""Tests of `hiervox.modules.activations.snake`."""

from __future__ import annotations

import math

import torch

from hiervox.modules.activations.snake import SnakeBeta


def _snake() -> SnakeBeta:
    snake = SnakeBeta(2)
    with torch.no_grad():
        snake.alpha.copy_(torch.tensor([math.log(2.0), 0.0]))
        snake.beta.copy_(torch.tensor([math.log(4.0), math.log(0.5)]))
    return snake


def test_values_are_the_formula_per_channel() -> None:
    x = torch.tensor([[[0.3, -1.0], [0.5, 2.0]]])
    y = _snake()(x)
    expected = [
        [0.3 + math.sin(0.6) ** 2 / 4, -1.0 + math.sin(2.0) ** 2 / 4],
        [0.5 + math.sin(0.5) ** 2 / 0.5, 2.0 + math.sin(2.0) ** 2 / 0.5],
    ]
    torch.testing.assert_close(y, torch.tensor([expected]))


def test_no_grad_path_agrees_and_leaves_its_input_alone() -> None:
    snake, x = _snake(), torch.randn(2, 2, 9)
    before = x.clone()
    with torch.no_grad():
        y = snake(x)
    assert torch.equal(x, before)
    torch.testing.assert_close(y, snake(x))


def test_gradients() -> None:
    snake = _snake().double()
    x = torch.randn(1, 2, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x, alpha, beta: torch.func.functional_call(snake, {"alpha": alpha, "beta": beta}, x),
        (x, snake.alpha, snake.beta),
    )


def test_half_precision_input_keeps_its_gradient_type() -> None:
    x = torch.randn(1, 2, 4, dtype=torch.bfloat16, requires_grad=True)
    _snake()(x).sum().backward()
    assert x.grad is not None and x.grad.dtype is torch.bfloat16
