from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor, nn

from models.base.config import ExperimentConfig
from models.base.cut_task import CutTrainingTask
from models.base.data.features import FeaturesConfig
from models.base.task import Batch
from tests.models.base.data.corpora import features, make_manifest
from utils.errors import ConfigError, DataError


class Experiment(ExperimentConfig):
    """An experiment on stored features."""

    features: FeaturesConfig


class Task(CutTrainingTask[ExperimentConfig]):
    """Learns nothing."""

    fields = frozenset({"wav", "f0", "semantic"})

    def build_networks(self) -> dict[str, nn.Module]:
        return {}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> Any:
        return None

    def losses(
        self, turn: str, networks: Mapping[str, nn.Module], batch: Batch, output: Any
    ) -> dict[str, Tensor]:
        return {}


class AudioTask(Task):
    """Needs no stored features."""

    fields = frozenset({"wav"})
    sample_rate = 48_000


def experiment(cuts: Path, **changes: Any) -> dict[str, Any]:
    return {
        "system": "x", "part": "y", "out_dir": "unused", "data": {"cuts": cuts, "dev_size": 2},
        "train": {"batch_size": 4, "workers": 0}, **changes,
    }  # fmt: skip


def first_batch(task: Task) -> Batch:
    return next(iter(task.loader("train", epoch=0, skip_batches=0, rank=0, world_size=1)))


def test_batches_come_from_the_config(feature_folder: Path) -> None:
    batch = first_batch(Task(Experiment(**experiment(feature_folder), features=features())))
    assert batch.keys() == {"ids", "frames", "wav", "f0", "semantic"}
    assert len(batch["ids"]) == 4


def test_other_features_stop_the_training(feature_folder: Path) -> None:
    wanted = features()
    wanted = wanted.model_copy(update={"pitch": wanted.pitch.model_copy(update={"f_max": 500.0})})
    with pytest.raises(ConfigError, match=r"features\.json was made with .*f_max=1100.*f_max=500"):
        first_batch(Task(Experiment(**experiment(feature_folder), features=wanted)))


def test_a_plain_manifest_has_no_features(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, [0.6] * 4)
    with pytest.raises(DataError, match=r"has no features\.json"):
        first_batch(Task(Experiment(**experiment(manifest), features=features())))


def test_audio_alone_needs_no_features(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, [0.6] * 6, rate=48_000)
    batch = first_batch(AudioTask(ExperimentConfig(**experiment(manifest))))
    assert batch["wav"].shape[1] == 960 * int(batch["frames"].max())
