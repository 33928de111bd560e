"""Tests of `hiervox.modules.diffusion.flow_matching`."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from hiervox.modules.diffusion.flow_matching import even_times, integrate, probability_path


def test_midpoint_is_of_second_order_and_euler_of_first() -> None:
    """Of x' = -x, whose solution at time 1 is 1 / e."""

    def velocity(state: Tensor, time: Tensor) -> Tensor:
        return -state

    start, exact = torch.ones(1, 1, dtype=torch.float64), torch.exp(torch.tensor(-1.0, dtype=torch.float64))

    def error(steps: int, solver: str) -> float:
        times = even_times(steps, start.device).double()
        return float((integrate(velocity, start, times, solver) - exact).abs())  # type: ignore[arg-type]

    assert error(10, "euler") / error(20, "euler") == pytest.approx(2, rel=0.1)
    assert error(10, "midpoint") / error(20, "midpoint") == pytest.approx(4, rel=0.1)


def test_the_path_leads_from_noise_to_the_target() -> None:
    noise, target = torch.randn(2, 3, 5), torch.randn(2, 3, 5)
    state, velocity = probability_path(noise, target, torch.tensor([0.0, 1.0]))
    torch.testing.assert_close(state[0], noise[0])
    torch.testing.assert_close(state[1], target[1] + 1e-4 * noise[1])
    torch.testing.assert_close(state[0] + velocity[0], target[0] + 1e-4 * noise[0])
