"""Tests of `hiervox.modules.diffusion.samplers`."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from hiervox.modules.diffusion.process import NoiseSchedule
from hiervox.modules.diffusion.samplers import sample, timesteps
from hiervox.utils.errors import ConfigError


@pytest.mark.parametrize("solver", ["ddpm", "ddim", "pndm", "plms", "dpm_solver"])
def test_solvers_find_what_a_perfect_network_knows(solver: str) -> None:
    schedule = NoiseSchedule.linear(1e-4, 0.1, 200)
    clean = 0.8 * torch.sin(torch.arange(60.0)).reshape(1, 3, 20)

    def predict(mel: Tensor, step: int) -> Tensor:
        level = float(schedule.signal_levels[step])
        return (mel - level**0.5 * clean) / (1 - level) ** 0.5

    def noise(draw: int) -> Tensor:
        return torch.randn(1, 3, 20, generator=torch.Generator().manual_seed(draw))

    found = sample(solver, predict, noise(0).clamp(-1, 1), noise, schedule, 50)  # type: ignore[arg-type]
    torch.testing.assert_close(found, clean, atol=0.05, rtol=0)


def test_steps_that_can_not_be_done_are_refused() -> None:
    assert timesteps(3, 12) == [8, 4, 0] and timesteps(3, 12, 1) == [9, 5, 1]
    with pytest.raises(ConfigError, match="13 steps, and the diffusion has 12"):
        timesteps(13, 12)
    schedule, noise = NoiseSchedule.linear(1e-4, 0.1, 12), torch.zeros(1, 2, 3)
    with pytest.raises(ConfigError, match="pndm in 3 steps: take 4 or more"):
        sample("pndm", lambda mel, step: mel, noise, lambda draw: noise, schedule, 3)
    with pytest.raises(ConfigError, match="plms in one step"):
        sample("plms", lambda mel, step: mel, noise, lambda draw: noise, schedule, 1)


def test_solvers_of_higher_order_are_nearer_to_many_steps() -> None:
    schedule = NoiseSchedule.scaled_linear(0.00085, 0.012, 1000)
    start = torch.linspace(-2, 2, 50)[None]

    def predict(x: Tensor, step: int) -> Tensor:
        """Of data of deviation 0.5 around 1."""
        level = float(schedule.signal_levels[step])
        return (1 - level) ** 0.5 * (x - level**0.5) / (0.25 * level + 1 - level)

    def error(solver: str, steps: int) -> float:
        made = sample(solver, predict, start, lambda draw: start, schedule, steps, clip=False)  # type: ignore[arg-type]
        return float((made - exact).abs().mean())

    exact = sample("ddim", predict, start, lambda draw: start, schedule, 951, 951, clip=False)
    assert error("dpm_solver", 20) < 0.7 * error("ddim", 20)
