"""Tests of `hiervox.modules.diffusion.process`."""

from __future__ import annotations

import pytest
import torch

from hiervox.modules.diffusion.process import Clip, NoiseSchedule, add_noise, posterior_mean, sample


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


def test_a_respaced_schedule_ends_at_the_same_noise() -> None:
    schedule = NoiseSchedule.linear(1e-6, 0.01, 1000)
    for steps in (1, 6, 50, 999):
        short = schedule.respaced(steps)
        assert len(short) == steps
        assert float(short.signal_levels[-1]) == pytest.approx(float(schedule.signal_levels[-1]))
    torch.testing.assert_close(schedule.respaced(1000).betas, schedule.betas)
    levels = short.signal_levels.tolist()
    torch.testing.assert_close(NoiseSchedule.of_levels(levels).betas, short.betas)


@pytest.mark.parametrize("clip", ["none", "estimate"])
def test_sampling_can_clip_the_estimate_instead_of_the_waveform(clip: Clip) -> None:
    schedule = NoiseSchedule([0.1, 0.2, 0.9])
    seen = []

    def predict(noisy: torch.Tensor, step: int) -> torch.Tensor:
        seen.append(noisy)
        return torch.zeros_like(noisy)

    loud = torch.full((1, 4), 3.0)
    assert sample(predict, loud, [loud, loud], schedule, clip).abs().max() == 1
    assert seen[1].abs().max() > 1
    assert (seen[1].abs().max() < 5) == (clip == "estimate")


def test_posterior_means_agree_where_nothing_is_clipped() -> None:
    schedule = NoiseSchedule([0.1, 0.2, 0.4])
    clean, noise = 0.5 * torch.rand(1, 20), torch.randn(1, 20)
    noisy = add_noise(clean, schedule.signal_levels[1].sqrt().float().view(1, 1), noise)
    plain = posterior_mean(noisy, noise, schedule, 1)
    torch.testing.assert_close(posterior_mean(noisy, noise, schedule, 1, "estimate"), plain)
