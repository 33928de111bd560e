"""A training from shards that is killed goes on exactly where its last checkpoint stands."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from hiervox.models.base.checkpoints.checkpoint import find_checkpoint
from hiervox.models.base.config import DataConfig, StreamConfig, TrainConfig
from hiervox.models.base.data import shards as shards_module
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.data.sharding import shard
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.models.base.training.loop import train
from tests.models.base.data.object_storage import BUCKET, object_storage
from tests.models.base.data.test_shards import Experiment
from tests.models.base.toy import ToyGenerator, ToyModelConfig, register

STEPS = 9
"""An epoch and a bit."""


class StreamExperiment(Experiment):
    model: ToyModelConfig = ToyModelConfig()


class StreamTask(CutTrainingTask[StreamExperiment]):
    """Learns to repeat samples; dropout and crops are random."""

    phases = ("generator",)
    main = "generator"
    fields = frozenset({"wav", "f0"})
    kill_at: int | None = None

    def build_networks(self) -> dict[str, nn.Module]:
        return {"generator": ToyGenerator(self.config.model)}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> Tensor:
        output: Tensor = networks["generator"](batch["wav"].unfold(1, 4, 4))
        return output

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: Tensor, step: int
    ) -> dict[str, Tensor]:
        if step == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"reconstruction": (output - batch["wav"].unfold(1, 4, 4)).abs().mean()}

    def weights(self, step: int) -> Mapping[str, float]:
        return {"reconstruction": 1.0}


def stream_task(cuts: Path, folder: Path, workers: int, kill_at: int | None = None) -> StreamTask:
    task = StreamTask(
        StreamExperiment(
            system="toy",
            part="toy",
            out_dir=folder / "run",
            data=DataConfig(
                cuts=cuts,
                stream=StreamConfig(cache_dir=folder / "cache", shuffle_cuts=10),
                pad_multiple=1280,
                max_frames=24,
                dev_size=4,
            ),
            train=TrainConfig(
                max_steps=STEPS, batch_size=4, workers=workers, save_every=5, validate_every=5, log_every=1
            ),
        )
    )
    task.kill_at = kill_at
    return task


def killed_run(cuts: Path, folder: Path) -> int | None:
    """Exit code of a process that trains until it is killed in its eighth step."""
    process = get_context("fork").Process(target=train, args=(stream_task(cuts, folder, 1, kill_at=7), "cpu"))
    process.start()
    process.join(timeout=120)
    return process.exitcode


def states(folder: Path) -> dict[str, Tensor]:
    """All tensors of the last checkpoint."""
    last = find_checkpoint(folder / "run")
    assert last.name == f"step-{STEPS:08d}"
    return {
        f"{file.name}:{name}": tensor
        for file in sorted(last.rglob("*.safetensors"))
        for name, tensor in load_file(file).items()
    }


def test_seven_steps_a_kill_and_the_rest_equal_all(
    feature_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register()
    shards_module._open.cache_clear()
    monkeypatch.setattr(shards_module, "CHUNK_BYTES", 1)
    shard(feature_folder, tmp_path / "corpus", shard_bytes=200_000)
    with object_storage():
        cuts = Path(f"s3://{BUCKET}/corpus")
        shard(feature_folder, cuts, shard_bytes=200_000)
        assert killed_run(cuts, tmp_path / "killed") == -signal.SIGKILL
        assert find_checkpoint(tmp_path / "killed" / "run").name == "step-00000005"
        train(stream_task(cuts, tmp_path / "killed", 1), "cpu", resume=True)
    train(stream_task(tmp_path / "corpus", tmp_path / "whole", 0), "cpu")
    expected, found = states(tmp_path / "whole"), states(tmp_path / "killed")
    assert len(expected) > 10 and expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
