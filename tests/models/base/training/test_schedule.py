from __future__ import annotations

import pytest

from hiervox.models.base.config import ScheduleConfig
from hiervox.models.base.training.schedule import learning_rate


def test_decay_by_epoch_and_by_step() -> None:
    by_epoch = ScheduleConfig(decay=0.5)
    assert learning_rate(1.0, by_epoch, step=100, epoch=2) == pytest.approx(0.25)
    by_step = ScheduleConfig(decay=0.5, every="step")
    assert learning_rate(1.0, by_step, step=3, epoch=0) == pytest.approx(0.125)


def test_warm_up_is_linear_and_never_zero() -> None:
    schedule = ScheduleConfig(decay=1.0, warmup_steps=4)
    rates = [learning_rate(1.0, schedule, step, 0) for step in range(6)]
    assert rates == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0, 1.0])


@pytest.mark.parametrize(("every", "step", "epoch"), [("step", 12, 0), ("epoch", 500, 12)])
def test_the_rate_is_held_before_the_first_factor(every: str, step: int, epoch: int) -> None:
    schedule = ScheduleConfig.model_validate({"decay": 0.5, "every": every, "hold": 10})
    assert learning_rate(1.0, schedule, step, epoch) == pytest.approx(0.25)
    assert learning_rate(1.0, schedule, step // 10, epoch // 10) == 1.0
