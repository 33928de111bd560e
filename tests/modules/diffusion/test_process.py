"""Tests of `hiervox.modules.diffusion.process`."""

from __future__ import annotations

import pytest
import torch

from hiervox.modules.diffusion.process import NoiseSchedule, add_noise, sample


def test_a_schedule_is_aligned_with_itself_step_by_step() -> None:
    schedule = NoiseSchedule.linear(1e-4, 0.05, 10)
    assert schedule.aligned_steps(schedule) == pytest.approx(list(range(10)))


def test_levels_beyond_the_ends_take_the_end() -> None:
    schedule = NoiseSchedule.linear(0.01, 0.05, 10)
    assert schedule.aligned_steps(NoiseSchedule([0.001, 0.9])) == [0.0, 9.0]


def test_sampling_with_the_true_noise_gives_the_clean_waveform() -> None:
    schedule = NoiseSchedule([0.1, 0.2, 0.4])
    clean = torch.rand(2, 50) - 0.5
    level = schedule.signal_levels.sqrt().float()

    def predict(noisy: torch.Tensor, step: int) -> torch.Tensor:
        return (noisy - level[step] * clean) / (1 - level[step].square()).sqrt()

    start = add_noise(clean, level[-1].view(1, 1), torch.randn(2, 50)).clamp(-1, 1)
    noises = 0.1 * torch.randn(2, 2, 50)
    torch.testing.assert_close(sample(predict, start, noises, schedule), clean, atol=1e-5, rtol=0)
