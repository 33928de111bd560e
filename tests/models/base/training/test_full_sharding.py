"""Two processes that share one network train as two that hold it whole each. gloo, on the CPU."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState
from torch import Tensor, nn

from hiervox.models.base.checkpoints.checkpoint import find_checkpoint
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training import reports
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.base.training.loop import TrainingLoop, train
from hiervox.utils.errors import ConfigError
from tests.models.base.toy import (
    ToyGenerator,
    ToyModelConfig,
    ToyTask,
    register,
    toy_experiment,
)
from tests.models.base.training.pairs import in_two_processes
from tests.models.base.training.test_loop import state_files

STEPS = 6
KEYS: dict[str, Any] = {
    "max_steps": STEPS,
    "save_every": 3,
    "validate_every": 3,
    "log_every": 1,
    "ema_decay": None,
    "accumulate": 2,
    "optimizer": {"learning_rate": 1e-2, "eps": 1e-2},
    "trackers": (),
}
SHARDED = {"strategy": "fsdp2", "shard_modules": ("layers.2",), "gradient_checkpointing": ("layers.2",)}


class SometimesMore(ToyGenerator):
    """With a layer that two of three passes leave out."""

    def __init__(self, config: ToyModelConfig) -> None:
        super().__init__(config)
        nn.utils.parametrizations.weight_norm(self.layers[0])
        self.more = nn.Linear(4, 4)
        self.passes = 0

    def forward(self, noise: Tensor) -> Tensor:
        self.passes += self.training
        output = super().forward(noise)
        return self.more(output) if self.passes % 3 == 1 else output


class OneTask(ToyTask):
    """The toy's generator alone."""

    phases = ("generator",)
    uses_weights = False

    def build_networks(self) -> dict[str, nn.Module]:
        return {"generator": SometimesMore(self.config.model)}

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: Tensor, step: int
    ) -> dict[str, Tensor]:
        loss = (output - batch["real"]).abs().mean()
        if self.uses_weights:
            loss = loss + nn.functional.linear(output, networks["generator"].layers[2].weight.T).mean()
        return {"reconstruction": loss}


def one(folder: Path, **keys: Any) -> OneTask:
    return OneTask(toy_experiment(folder, **{**KEYS, **keys}))


def trainings(folder: Path) -> None:
    """What each of two processes does."""
    register()
    reports.draw_curves = lambda *_: None  # type: ignore[assignment]

    def run(name: str, resume: bool = False, **keys: Any) -> None:
        AcceleratorState._reset_state(True)
        train(one(folder / name, **keys), "cpu", resume=resume, allow_change=["train"] if resume else ())

    run("ddp")
    run("fsdp2", **SHARDED, max_steps=3)
    if os.environ["RANK"] == "0":
        shutil.copytree(folder / "fsdp2", folder / "changed")
    run("fsdp2", resume=True, **SHARDED)
    run("changed", resume=True)
    run("bf16", **SHARDED, precision="bf16", max_steps=3)
    AcceleratorState._reset_state(True)
    task = one(folder / "none", **SHARDED)
    task.uses_weights = True
    engine = StepEngine(task, "cpu")
    shares = {name: tensor.to_local().numel() for name, tensor in engine.bare("generator").named_parameters()}
    batch = next(iter(task.loader("train", epoch=0, skip_batches=0, rank=0, world_size=2)))
    try:
        engine.step(batch, 0)
    except ConfigError as error:
        (folder / f"told-{os.environ['RANK']}").write_text(json.dumps([str(error), shares]))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of runs by two processes."""
    folder = tmp_path_factory.mktemp("runs")
    in_two_processes(lambda rank: trainings(folder))
    return folder


def losses(run: Path) -> list[float]:
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [
        value
        for row in rows
        for name, value in row.items()
        if name in ("reconstruction", "gradient_norm/generator")
    ]


@pytest.mark.parametrize("name", ["fsdp2", "changed"])
def test_shares_train_as_the_whole(runs: Path, name: str) -> None:
    """Through a checkpoint after three steps that the same strategy, or the other one, goes on from."""
    assert len(losses(runs / "ddp")) == 2 * STEPS + 2
    assert losses(runs / name) == pytest.approx(losses(runs / "ddp"), rel=1e-5)
    expected, found = (state_files(find_checkpoint(runs / run)) for run in ("ddp", name))
    assert expected.keys() == found.keys() and len(expected) > 20
    for key in expected:
        torch.testing.assert_close(found[key], expected[key], rtol=1e-4, atol=1e-6, msg=key)


def test_bf16_is_near(runs: Path) -> None:
    found = losses(runs / "bf16")
    assert found == pytest.approx(losses(runs / "ddp")[: len(found)], rel=3e-2)
    assert found != losses(runs / "ddp")[: len(found)]


def test_one_process_reads_what_shares_have_saved(runs: Path, tmp_path: Path) -> None:
    register()
    AcceleratorState._reset_state(True)
    loop = TrainingLoop(one(tmp_path / "run", **SHARDED), "cpu")  # one process has no shares
    loop.initialise_from(runs / "fsdp2")
    weights = state_files(find_checkpoint(runs / "fsdp2"))
    for name, tensor in loop.engine.bare("generator").state_dict().items():
        assert torch.equal(tensor, weights[f"model.safetensors/{name}"])


def test_each_process_holds_half_and_is_told_of_weights_used_elsewhere(runs: Path) -> None:
    for rank in range(2):
        told, shares = json.loads((runs / f"told-{rank}").read_text())
        assert "uses weights outside of their module's pass: leave that module out" in told
        assert shares["layers.0.bias"] == 4 and shares["layers.2.weight"] == 16  # of 8 and 32


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"ema_decay": 0.9}, "train.ema_decay does not go with"),
        ({"freeze": ("layers.0",)}, "train.freeze does not go with"),
        ({"compile": ("generator",)}, "train.compile does not go with"),
        ({"precision": "fp16"}, "train.precision fp16 does not go with"),
        ({"strategy": "ddp", "shard_modules": ("layers",)}, "train.shard_modules is of"),
    ],
)
def test_what_does_not_go_with_shares_is_one_line(tmp_path: Path, keys: dict[str, Any], told: str) -> None:
    AcceleratorState._reset_state(True)
    with pytest.raises(ConfigError, match=told):
        StepEngine(one(tmp_path, **{"strategy": "fsdp2", **keys}), "cpu")


def test_several_networks_are_one_line(tmp_path: Path) -> None:
    AcceleratorState._reset_state(True)
    with pytest.raises(ConfigError, match=r"here are 2 \(discriminator, generator\): use ddp"):
        StepEngine(ToyTask(toy_experiment(tmp_path, strategy="fsdp2", ema_decay=None)), "cpu")
