"""Networks that are trained by settings of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState
from pydantic import ValidationError
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import find_checkpoint
from hiervox.models.base.config import LossWeight, LossWeights, TrainConfig
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.base.training.loop import train
from hiervox.utils.errors import ConfigError
from tests.models.base.toy import ToyTask, register, toy_experiment
from tests.models.base.training.test_loop import state_files


@pytest.fixture(autouse=True)
def fresh_accelerate() -> Iterator[None]:
    register()
    AcceleratorState._reset_state(True)
    yield
    AcceleratorState._reset_state(True)


def engine(out_dir: Path, **networks: Any) -> StepEngine:
    return StepEngine(ToyTask(toy_experiment(out_dir, ema_decay=None, networks=networks)), "cpu")


def weights_by_step(engine: StepEngine, steps: int) -> dict[str, list[Tensor]]:
    """The first weight of each network before training and after each step."""
    batch = next(iter(engine.task.loader("train", epoch=0, skip_batches=0, rank=0, world_size=1)))
    history: dict[str, list[Tensor]] = {name: [] for name in engine.networks}
    for step in range(steps + 1):
        for name in history:
            history[name].append(next(engine.bare(name).parameters()).detach().clone())
        if step < steps:
            engine.schedule(step, 0)
            engine.step(batch, step)
    return history


def updated(history: list[Tensor]) -> list[bool]:
    return [not torch.equal(before, after) for before, after in pairwise(history)]


def test_a_phase_begins_at_its_start_step_and_comes_once_a_period(tmp_path: Path) -> None:
    own = engine(tmp_path, discriminator={"start_step": 2, "period": 3})
    history = weights_by_step(own, 7)
    assert updated(history["discriminator"]) == [False, False, True, False, False, True, False]
    assert all(updated(history["generator"]))


def test_the_main_network_can_wait_for_the_others(tmp_path: Path) -> None:
    history = weights_by_step(engine(tmp_path, generator={"period": 2}), 4)
    assert updated(history["generator"]) == [True, False, True, False]
    assert all(updated(history["discriminator"]))


def test_each_network_has_its_optimizer_and_rate(tmp_path: Path) -> None:
    own = engine(tmp_path, discriminator={"optimizer": {"name": "RAdam", "learning_rate": 3e-3}})
    optimizers = {name: optimizer.optimizer for name, optimizer in own.optimizers.items()}
    assert isinstance(optimizers["generator"], torch.optim.AdamW)
    assert isinstance(optimizers["discriminator"], torch.optim.RAdam)
    assert own.schedule(0, 0) == {"generator": 1e-4, "discriminator": 3e-3}
    assert optimizers["discriminator"].param_groups[0]["betas"] == (0.8, 0.99)  # as train.optimizer says
    assert optimizers["discriminator"].param_groups[0]["lr"] == 3e-3


@pytest.mark.parametrize("name", ["Adam", "AdamW", "Adamax", "NAdam", "RAdam"])
def test_every_optimizer_resumes_exactly(tmp_path: Path, name: str) -> None:
    def task(folder: str, steps: int) -> ToyTask:
        networks = {
            "discriminator": {"start_step": 2, "period": 2, "schedule": {"kind": "noam", "warmup_steps": 3}},
            "generator": {"schedule": {"kind": "exponential", "decay": 0.9, "every": "step"}},
        }
        keys = {"max_steps": steps, "optimizer": {"name": name, "learning_rate": 1e-2}, "networks": networks}
        return ToyTask(toy_experiment(tmp_path / folder, **keys))

    train(task("whole", 8), "cpu")
    train(task("broken", 5), "cpu")
    train(task("broken", 8), "cpu", resume=True)
    expected, actual = (state_files(find_checkpoint(tmp_path / folder)) for folder in ("whole", "broken"))
    assert expected.keys() == actual.keys() and any("exp_avg" in key for key in expected)
    assert all(torch.equal(expected[key], actual[key]) for key in expected)


def test_terms_of_a_phase_are_averaged_over_its_own_steps(tmp_path: Path) -> None:
    networks = {"discriminator": {"period": 2}}
    train(ToyTask(toy_experiment(tmp_path, max_steps=4, log_every=4, networks=networks)), "cpu")
    row = json.loads((tmp_path / "metrics.jsonl").read_text().splitlines()[0])
    assert 0.3 < row["real"] < 1.2  # softplus of small logits is about 0.7, and half of that if halved
    assert row["learning_rate"] == row["learning_rate/discriminator"] == 1e-4


def test_a_network_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'discriminators'.*did you mean 'discriminator'"):
        engine(tmp_path, discriminators={"period": 2})


def test_saved_settings_say_all_and_read_back_the_same() -> None:
    networks = {"critic": {"optimizer": {"learning_rate": 1e-3}, "start_step": 5}}
    config = TrainConfig.model_validate({"optimizer": {"betas": [0.5, 0.9]}, "networks": networks})
    assert config.of("critic").optimizer.betas == (0.5, 0.9)
    assert config.of("other").optimizer == config.optimizer
    assert TrainConfig.model_validate(config.model_dump(mode="json")) == config
    with pytest.raises(ValidationError, match=r"networks\.critic\.optimizer\.name"):
        TrainConfig.model_validate({"networks": {"critic": {"optimizer": {"name": "Adagrad"}}}})


class Weights(LossWeights):
    mel: LossWeight = 45.0
    kl: LossWeight = 0.0


def test_a_loss_weight_changes_over_steps() -> None:
    weights = Weights.model_validate({"kl": {"end": 0.5, "first_step": 10, "last_step": 20}})
    assert [weights.at(step)["kl"] for step in (0, 10, 15, 20, 99)] == [0, 0, 0.25, 0.5, 0.5]
    assert weights.at(7)["mel"] == 45
    assert Weights.model_validate(weights.model_dump(mode="json")) == weights
    assert weights.has_weight("kl") and not Weights().has_weight("kl")
    with pytest.raises(ValidationError, match="last_step must be after first_step"):
        Weights.model_validate({"kl": {"end": 0.5, "first_step": 10, "last_step": 10}})


def test_each_network_is_clipped_to_its_own_norm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clipped: list[float] = []
    clip = torch.nn.utils.clip_grad_norm_

    def noted(parameters: Any, most: float) -> Tensor:
        clipped.append(most)
        return clip(parameters, most)

    monkeypatch.setattr("torch.nn.utils.clip_grad_norm_", noted)
    weights_by_step(engine(tmp_path, discriminator={"clip_norm": 0.25}), 1)
    assert sorted(clipped) == [0.25, 1.0]
    weights_by_step(engine(tmp_path, discriminator={"clip_norm": None}), 1)
    assert clipped[2:] == [1.0]
