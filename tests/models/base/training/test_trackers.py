"""Trackers get what `metrics.jsonl` has, offline; one that fails ends no training."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState, PartialState

from hiervox.models.base.training import trackers
from hiervox.models.base.training.loop import TrainingLoop, train
from hiervox.models.base.training.task import Media
from hiervox.models.base.training.trackers import Trackers
from hiervox.utils.errors import ConfigError
from hiervox.utils.plots import spectrogram_figure
from tests.models.base.toy import ToyTask, register, toy_experiment


@pytest.fixture(autouse=True)
def fresh_accelerate(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    register()
    AcceleratorState._reset_state(True)
    PartialState(cpu=True)  # accelerate's own log asks for it
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE", raising=False)
    yield
    AcceleratorState._reset_state(True)


def test_a_resumed_run_goes_on_in_mlflow(tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow")
    settings = {"trackers": ("mlflow", "tensorboard"), "validate_every": 4, "save_every": 4}
    train(ToyTask(toy_experiment(tmp_path, max_steps=4, **settings)), "cpu")
    AcceleratorState._reset_state(True)
    loop = TrainingLoop(ToyTask(toy_experiment(tmp_path, max_steps=8, **settings)), "cpu")
    loop.resume()
    loop.run()
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    expected = {row["step"]: row["reconstruction"] for row in rows if row["split"] == "train"}
    client = mlflow.MlflowClient((tmp_path / "logs" / "mlflow").resolve().as_uri())
    (experiment,) = client.search_experiments(filter_string="name = 'hiervox'")
    (run,) = client.search_runs([experiment.experiment_id])
    logged = {
        point.step: point.value
        for point in client.get_metric_history(run.info.run_id, "train/reconstruction")
    }
    assert logged == pytest.approx(expected) and len(expected) >= 4
    assert run.data.params["train.max_steps"] == "4"
    assert list((tmp_path / "logs").glob("events.out.tfevents.*"))


def test_wandb_writes_offline(tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    opened = Trackers(("wandb",), tmp_path, {"seed": 1, "train": {"max_steps": 2}}, "run", 0)
    opened.log({"train/loss": 1.5}, 1)
    media = Media(
        audio={"sound": (torch.zeros(1600), 16_000)},
        figures={"mel": spectrogram_figure(torch.zeros(4, 5), "mel")},
    )
    opened.show(media, 1)
    opened.close()
    (folder,) = (tmp_path / "wandb").glob("offline-run-*")
    identity = json.loads((tmp_path / trackers.RUNS_NAME).read_text())["wandb"]
    assert folder.name.endswith(identity) and list(folder.glob("*.wandb"))
    kinds = {path.parent.name for path in folder.rglob("*") if path.suffix in (".wav", ".png")}
    assert kinds == {"audio", "images"}


def test_what_is_not_installed_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(ConfigError, match="'mlflow', which is not installed") as refused:
        train(ToyTask(toy_experiment(tmp_path, max_steps=2, trackers=("mlflow",))), "cpu")
    assert "hiervox[trackers]" in str(refused.value)


def test_a_tracker_that_fails_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    opened = Trackers(("tensorboard",), tmp_path, {}, "run", 0)

    def full(*given: object, **named: object) -> None:
        raise OSError("no space left")

    opened._open["tensorboard"].log = full  # type: ignore[method-assign]
    with caplog.at_level(logging.WARNING):
        opened.log({"train/loss": 1.0}, 1)
        opened.log({"train/loss": 1.0}, 2)
    assert caplog.text.count("no more of this run in tensorboard (no space left)") == 1
