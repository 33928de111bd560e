from __future__ import annotations

import pytest

from hiervox.models.base.config import ScheduleConfig
from hiervox.models.base.training.schedule import factor


def test_decay_by_epoch_and_by_step() -> None:
    by_epoch = ScheduleConfig(decay=0.5)
    assert factor(by_epoch, step=100, epoch=2, n_steps=1000) == pytest.approx(0.25)
    by_step = ScheduleConfig(decay=0.5, every="step")
    assert factor(by_step, step=3, epoch=0, n_steps=1000) == pytest.approx(0.125)


def test_warm_up_is_linear_and_never_zero() -> None:
    schedule = ScheduleConfig(decay=1.0, warmup_steps=4)
    rates = [factor(schedule, step, 0, 1000) for step in range(6)]
    assert rates == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0, 1.0])


@pytest.mark.parametrize(("every", "step", "epoch"), [("step", 12, 0), ("epoch", 500, 12)])
def test_the_rate_is_held_before_the_first_factor(every: str, step: int, epoch: int) -> None:
    schedule = ScheduleConfig.model_validate({"decay": 0.5, "every": every, "hold": 10})
    assert factor(schedule, step, epoch, 1000) == pytest.approx(0.25)
    assert factor(schedule, step // 10, epoch // 10, 1000) == 1.0
