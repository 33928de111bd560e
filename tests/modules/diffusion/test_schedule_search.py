"""Tests of `hiervox.modules.diffusion.schedule_search`."""

from __future__ import annotations

import pytest
import torch

from hiervox.modules.diffusion.process import NoiseSchedule
from hiervox.modules.diffusion.schedule_search import POWERS, search_schedule

TRAINING = NoiseSchedule.linear(1e-6, 0.01, 1000)


@pytest.mark.parametrize("steps", [1, 4])
def test_it_comes_closer_to_the_best_schedule_than_even_steps(steps: int) -> None:
    wanted = TRAINING.at([3.0, 40.0, 200.0, 1000.0][-steps:]).signal_levels.log()

    def score(schedule: NoiseSchedule) -> float:
        assert len(schedule) == steps and (schedule.betas > 0).all()
        assert float(schedule.signal_levels[-1]) == pytest.approx(float(TRAINING.signal_levels[-1]))
        return float((schedule.signal_levels.log().sub(wanted).abs() + 1e-9).log().sum())

    found = search_schedule(score, TRAINING, steps, 60, torch.Generator().manual_seed(0))
    assert found.score == pytest.approx(score(found.schedule))
    assert found.score < found.even_score or steps == 1
    again = search_schedule(score, TRAINING, steps, 60, torch.Generator().manual_seed(0))
    assert torch.equal(again.schedule.betas, found.schedule.betas)


@pytest.mark.parametrize("tries", [1, len(POWERS), len(POWERS) + 3])
def test_it_scores_as_many_schedules_as_are_asked_for(tries: int) -> None:
    scored = []

    def score(schedule: NoiseSchedule) -> float:
        scored.append(schedule)
        return float(schedule.betas[0])

    search_schedule(score, TRAINING, 3, tries, torch.Generator().manual_seed(0))
    assert len(scored) == tries


def test_places_between_steps_are_between_their_levels() -> None:
    levels = TRAINING.at([2.5, 1000.0]).signal_levels
    assert float(TRAINING.signal_levels[2]) < float(levels[0]) < float(TRAINING.signal_levels[1])
    torch.testing.assert_close(TRAINING.at(list(range(1, 1001))).betas, TRAINING.betas)
