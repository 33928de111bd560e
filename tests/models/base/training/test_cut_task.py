from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor, nn

from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.data.corpus import iterate_corpus
from hiervox.models.base.data.extraction import extract
from hiervox.models.base.data.manifest import write_cuts
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.processors.text import SYMBOLS, TextConfig
from hiervox.utils.errors import ConfigError, DataError
from tests.models.base.data.corpora import features, make_manifest, make_table, plan


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


def experiment(cuts: Path, **changes: Any) -> dict[str, Any]:
    return {
        "system": "x", "part": "y", "out_dir": "unused",
        "data": {"cuts": cuts, "dev_size": 2, "pad_multiple": 1280},
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
    with pytest.raises(ConfigError, match=r"made with features\.pitch\.f_max 1100.*says 500"):
        first_batch(Task(Experiment(**experiment(feature_folder), features=wanted)))


class ReadingExperiment(Experiment):
    """An experiment whose model reads text."""

    text: TextConfig = TextConfig()


class ReadingTask(Task):
    """Reads text."""

    fields = frozenset({"tokens"})


def test_texts_that_the_model_does_not_declare_stop_the_training(feature_folder: Path) -> None:
    def batch(**text: Any) -> Batch:
        sections = {"features": features(), "text": text}
        return first_batch(ReadingTask(ReadingExperiment(**experiment(feature_folder), **sections)))

    assert batch()["tokens"].shape[0] == 4
    with pytest.raises(ConfigError, match=r"texts in en-us .*but text\.languages is de: add what is missing"):
        batch(languages=("de",))
    with pytest.raises(ConfigError, match=r"made with other symbols than text\.symbols \(ʩ"):
        batch(symbols=(*SYMBOLS, "ʩ"))


def test_symbols_that_were_lost_are_named_before_training(
    fake_semantic: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = make_table(tmp_path, [0.6] * 6)
    rows = [json.loads(line) | {"text": "Un bon vin.", "language": "fr"} for line in table.open()]
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_cuts(iterate_corpus(table), tmp_path / "cuts.jsonl.gz")
    extract(tmp_path / "cuts.jsonl.gz", tmp_path / "features", *plan())
    text = TextConfig(languages=("fr-fr",))
    config = ReadingExperiment(**experiment(tmp_path / "features"), features=features(), text=text)
    first_batch(ReadingTask(config))
    assert "U+0303) 18 times; `hiervox vocabulary`" in capsys.readouterr().err


def test_a_plain_manifest_has_no_features(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, [0.6] * 4)
    with pytest.raises(DataError, match=r"has no features\.json"):
        first_batch(Task(Experiment(**experiment(manifest), features=features())))


def test_audio_alone_needs_no_features(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, [0.6] * 6, rate=48_000)
    data = {"cuts": manifest, "dev_size": 2, "sample_rate": 48_000}
    batch = first_batch(AudioTask(ExperimentConfig(**experiment(manifest, data=data))))
    assert batch["wav"].shape[1] == 960 * int(batch["frames"].max())
