"""A training that ends with its budget."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from accelerate import Accelerator

from hiervox.models.base.config import NetworkTrainConfig, TrainConfig
from hiervox.models.base.training.horizon import RECORD_EVERY, Horizon
from hiervox.utils.errors import ConfigError


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def horizon(folder: Path, clock: Clock, budget: float | None = 50.0, max_steps: int = 1000) -> Horizon:
    train = TrainConfig(max_steps=max_steps, budget_seconds=budget, workers=0)
    return Horizon(train, folder, Accelerator(cpu=True), clock)


def walk(own: Horizon, clock: Clock, first: int, last: int, seconds: float) -> None:
    for step in range(first, last + 1):
        clock.now += seconds
        own.note(step)


def test_steps_follow_from_the_pace(tmp_path: Path) -> None:
    clock = Clock()
    own = horizon(tmp_path, clock)
    assert own.steps() == 1000
    walk(own, clock, 1, RECORD_EVERY, 0.5)
    assert own.steps() == 100
    assert not own.is_over(RECORD_EVERY)
    walk(own, clock, RECORD_EVERY + 1, 60, 0.9)
    assert own.is_over(60)
    assert own.seconds == pytest.approx(50.0)


def test_paused_time_is_not_counted(tmp_path: Path) -> None:
    clock = Clock()
    own = horizon(tmp_path, clock)
    clock.now += 3
    own.pause()
    clock.now += 1000
    own.restart_clock()
    clock.now += 4
    own.note(RECORD_EVERY)
    assert own.seconds == pytest.approx(7.0)


def test_repeated_steps_are_the_same_steps(tmp_path: Path) -> None:
    clock = Clock()
    own = horizon(tmp_path, clock)
    walk(own, clock, 1, 30, 0.5)
    again = horizon(tmp_path, clock)
    again.resume(12)  # a checkpoint between two records
    assert again.seconds == pytest.approx(5.0)
    walk(again, clock, 13, 30, 3.0)  # slower than before
    assert again.seconds == pytest.approx(15.0)
    walk(again, clock, 31, 40, 1.0)
    assert again.seconds == pytest.approx(25.0)
    rows = [json.loads(line)["step"] for line in (tmp_path / "budget.jsonl").read_text().splitlines()]
    assert rows == [10, 20, 30, 40]


def test_without_a_budget_steps_decide(tmp_path: Path) -> None:
    clock = Clock()
    own = horizon(tmp_path, clock, budget=None, max_steps=20)
    walk(own, clock, 1, 20, 5.0)
    assert own.steps() == 20
    assert own.is_over(20)
    assert not (tmp_path / "budget.jsonl").exists()


def test_workers_whose_time_is_not_seen_are_refused(tmp_path: Path) -> None:
    train = TrainConfig(budget_seconds=5.0, workers=1)
    with pytest.raises(ConfigError, match="workers to 0"):
        Horizon(train, tmp_path, Accelerator(cpu=True))


def test_a_share_of_the_training_comes_before_the_first_update() -> None:
    config = NetworkTrainConfig(start_step=10, start_share=0.25)
    assert config.first_step(1000) == 250
    assert config.first_step(20) == 10
