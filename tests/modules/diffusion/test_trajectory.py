"""Samplers show their states, and go on from one that is given."""

from __future__ import annotations

import torch
from torch import Tensor

from hiervox.modules.diffusion.flow_matching import even_times, integrate
from hiervox.modules.diffusion.mean_reverting import MeanRevertingDiffusion, NoiseRates
from hiervox.modules.diffusion.process import NoiseSchedule, sample
from hiervox.modules.diffusion.trajectory import given_states, recorded_trajectories

CPU = torch.device("cpu")


def sampled() -> list[Tensor]:
    """What each kind of sampler makes of ones in four steps."""
    start, mask = torch.ones(1, 2, 3), torch.ones(1, 1, 3)
    noises = [torch.zeros_like(start)] * 4
    flow = integrate(lambda x, time: -x, start, even_times(4, CPU))
    drift = MeanRevertingDiffusion(NoiseRates()).sample(lambda x, time: -x, start, 0 * start, mask, noises, 4)
    schedule = NoiseSchedule.linear(0.1, 0.5, 4)
    wav = sample(lambda x, step: 0.5 * x, start[0], noises, schedule)
    return [flow, drift, wav]


def test_every_state_is_recorded_and_the_result_is_the_same() -> None:
    plain = sampled()
    with recorded_trajectories() as found:
        recorded = sampled()
    assert [each.name for each in found] == ["flow", "diffusion", "diffusion"]
    for made, again, trajectory in zip(plain, recorded, found, strict=True):
        assert torch.equal(made, again)
        assert len(trajectory.states) == 5 and not torch.equal(trajectory.states[0], trajectory.states[1])
        assert torch.equal(trajectory.states[-1].clamp(-1, 1), made.clamp(-1, 1))
    assert [0.75**step for step in range(5)] == [float(state[0, 0, 0]) for state in found[0].states]


def test_a_given_state_stands_in_for_sampling() -> None:
    given = torch.full((1, 2, 3), 0.25)
    plain = sampled()
    with given_states([given, None]):
        flow, *others = sampled()
    assert torch.equal(flow, given)
    assert all(torch.equal(one, other) for one, other in zip(others, plain[1:], strict=True))
    assert torch.equal(sampled()[0], plain[0])
