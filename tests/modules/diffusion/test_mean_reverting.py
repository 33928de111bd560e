"""Tests of `hiervox.modules.diffusion.mean_reverting`."""

from __future__ import annotations

import math

import pytest
import torch

from hiervox.modules.diffusion.mean_reverting import MeanRevertingDiffusion, NoiseRates, Solver, score_loss

DIFFUSION = MeanRevertingDiffusion(NoiseRates())
MASK = torch.ones(2, 1, 50)


def test_time_0_is_the_sample_and_time_1_nearly_the_prior() -> None:
    clean, prior, noise = torch.full((2, 3, 50), 5.0), torch.full((2, 3, 50), -1.0), torch.zeros(2, 3, 50)
    first, last = DIFFUSION.diffused(clean, prior, torch.tensor([0.0, 1.0]), noise, MASK)
    assert torch.equal(first, clean[0])
    assert (last + 1).abs().max() < 0.05
    assert torch.allclose(last, DIFFUSION.last_mean(clean, prior)[1])
    assert DIFFUSION.deviation(torch.tensor([0.0, 1.0])).flatten().tolist() == pytest.approx([0, 1], abs=1e-4)


def test_noise_grows_as_the_rates_say() -> None:
    """Small steps of the equation give the same mean and deviation."""
    mean, variance, steps = 1.0, 0.0, 20_000
    for step in range(steps // 2):
        rate = 0.05 + (20 - 0.05) * (step + 0.5) / steps
        mean += 0.5 * rate * (0 - mean) / steps
        variance += rate * (1 - variance) / steps
    time = torch.tensor([0.5])
    assert float(DIFFUSION.remaining(time)) == pytest.approx(mean, rel=1e-3)
    assert float(DIFFUSION.deviation(time)) == pytest.approx(math.sqrt(variance), rel=1e-3)


@pytest.mark.parametrize(
    ("solver", "steps", "tolerance"), [("ml", 6, 0.02), ("ml", 30, 0.02), ("em", 200, 0.1)]
)
def test_a_gaussian_comes_back(solver: Solver, steps: int, tolerance: float) -> None:
    """The score of a Gaussian is known: samples have its mean and its deviation."""
    generator = torch.Generator().manual_seed(3)
    mean, deviation, prior = 2.0, 0.5, torch.full((2, 100, 50), -1.0)
    noises = (torch.randn(prior.shape, generator=generator) for _ in range(steps + 1))

    def score(x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        kept = DIFFUSION.remaining(time)
        variance = DIFFUSION.deviation(time).square() + kept.square() * deviation**2
        return -(x - kept * mean - (1 - kept) * prior) / variance

    start = DIFFUSION.last_mean(torch.full_like(prior, mean), prior) + next(noises)
    samples = DIFFUSION.sample(score, start, prior, MASK, noises, steps, solver)
    assert float(samples.mean()) == pytest.approx(mean, abs=2 * tolerance)
    assert float(samples.std()) < 2 * deviation


def test_an_exact_score_has_no_loss_and_padding_does_not_count() -> None:
    noise = torch.randn(2, 4, 50)
    mask = MASK.clone()
    mask[1, :, 30:] = 0
    deviation = torch.tensor([0.5, 0.9])[:, None, None]
    exact = -noise * mask / deviation
    assert float(score_loss(exact, noise * mask, deviation, mask)) == pytest.approx(0, abs=1e-12)
    assert float(score_loss(exact * 0, mask.expand(-1, 4, -1), deviation, mask)) == pytest.approx(1)


def test_padding_stays_empty() -> None:
    mask = MASK.clone()
    mask[1, :, 30:] = 0
    x = torch.randn(2, 4, 50)
    sampled = DIFFUSION.sample(lambda x, _: -x, x, x, mask, torch.randn(3, 2, 4, 50), 3)
    assert not sampled[1, :, 30:].any() and sampled[0].all()
