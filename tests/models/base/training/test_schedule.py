from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from hiervox.models.base.config import NetworkTrainConfig, OptimizerConfig, ScheduleConfig, TrainConfig
from hiervox.models.base.training.schedule import Place, build_schedule, learning_rate
from tests.plugins import installed


def factor(schedule: ScheduleConfig, step: int, epoch: int, n_steps: int) -> float:
    return build_schedule(schedule).factor(Place(step, epoch, n_steps))


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


def test_an_exponential_rate_falls_to_the_final_ratio_and_no_further() -> None:
    schedule = ScheduleConfig(decay=0.5, every="step", final_ratio=0.2)
    assert [factor(schedule, step, 0, 1000) for step in (1, 2, 3, 99)] == pytest.approx([0.5, 0.25, 0.2, 0.2])


def test_the_cosine_is_that_of_transformers() -> None:
    optimization = pytest.importorskip("transformers.optimization")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = optimization.get_cosine_schedule_with_warmup(optimizer, 3, 12)
    schedule = ScheduleConfig(kind="cosine", warmup_steps=3)
    for _ in range(9):
        optimizer.step()
        theirs.step()
    assert factor(schedule, 9, 0, 12) == pytest.approx(theirs.get_last_lr()[0])
    assert factor(schedule, 12, 0, 12) == pytest.approx(0.0)
    assert factor(ScheduleConfig(kind="cosine", final_ratio=0.1), 12, 0, 12) == pytest.approx(0.1)


def test_noam_peaks_at_the_end_of_its_warm_up() -> None:
    schedule = ScheduleConfig(kind="noam", warmup_steps=100)
    rates = [factor(schedule, step, 0, 1000) for step in range(1000)]
    assert max(rates) == rates[99] == 1.0
    assert rates[49] == pytest.approx(0.5) and rates[399] == pytest.approx(0.5)
    with pytest.raises(ValidationError, match="warmup_steps"):
        ScheduleConfig(kind="noam")


def test_a_constant_rate_only_warms_up() -> None:
    schedule = ScheduleConfig(kind="constant", warmup_steps=2)
    assert [factor(schedule, step, step, 10) for step in range(4)] == [0.5, 1, 1, 1]


def test_a_networks_schedule_counts_from_its_start() -> None:
    schedule = ScheduleConfig(kind="cosine", warmup_steps=2)
    config = NetworkTrainConfig(
        optimizer=OptimizerConfig(learning_rate=2.0), schedule=schedule, start_step=10
    )
    assert learning_rate(config, step=10, epoch=3, max_steps=20) == 1.0
    assert learning_rate(config, step=20, epoch=9, max_steps=20) == pytest.approx(0.0)


def test_an_interval_makes_steps() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 1.0)
    theirs = torch.optim.lr_scheduler.StepLR(optimizer, 4, 0.5)
    schedule = ScheduleConfig(decay=0.5, every="step", interval=4)
    for step in range(12):
        assert factor(schedule, step, 0, 100) == pytest.approx(theirs.get_last_lr()[0])
        optimizer.step()
        theirs.step()


TRIANGLE = """
from pydantic import PositiveInt
from hiervox.models.base.config import ScheduleConfig
from hiervox.models.base.training.schedule import Schedule
from hiervox.utils.config import Config

class TriangleSettings(Config):
    peak: PositiveInt

class Triangle(Schedule):
    name = "triangle"
    Settings = TriangleSettings

    def factor(self, place):
        peak = self.settings.peak
        return max(0.0, 1 - abs(place.step - peak) / peak)
"""


def test_a_package_brings_a_schedule(tmp_path: Path) -> None:
    points = {"hiervox.schedules": {"triangle": "triangle:Triangle"}}
    with installed(tmp_path, "triangles", points, {"triangle.py": TRIANGLE}):
        schedule = ScheduleConfig(kind="triangle", settings={"peak": 4})
        assert [factor(schedule, step, 0, 100) for step in (0, 2, 4, 6, 9)] == [0, 0.5, 1, 0.5, 0]
        with pytest.raises(ValidationError, match=r"settings.peak of schedule triangle: give more than 0"):
            ScheduleConfig(kind="triangle", settings={"peak": 0})
        with pytest.raises(ValidationError, match="did you mean 'triangle'"):
            ScheduleConfig(kind="triangel")
        critic = NetworkTrainConfig(schedule=ScheduleConfig(kind="constant"))
        train = TrainConfig(schedule=schedule, networks={"critic": critic})
        assert (train.of("critic").schedule.kind, train.of("critic").schedule.settings) == ("constant", {})
        assert train.of("main").schedule.settings == {"peak": 4}
        assert TrainConfig.model_validate(train.model_dump(mode="json")) == train
    with pytest.raises(ValidationError, match="no schedule 'triangle'"):
        ScheduleConfig(kind="triangle")


def test_clipping_is_each_network_s_own() -> None:
    train = TrainConfig.model_validate(
        {"clip_norm": 10, "networks": {"critic": {"clip_norm": 1}, "free": {"clip_norm": None}, "other": {}}}
    )
    assert [train.of(name).clip_norm for name in ("main", "critic", "free", "other")] == [10, 1, None, 10]
    assert TrainConfig.model_validate(train.model_dump(mode="json")) == train
