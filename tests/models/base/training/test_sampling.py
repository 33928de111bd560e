"""`hiervox schedule` on a vocoder, and the plot of steps against quality."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import hiervox
from hiervox.bins.app import app
from hiervox.models.base.checkpoints.checkpoint import load_network, save_weights
from hiervox.models.base.training.sampling import SamplesInSteps, Search, find_schedule
from hiervox.models.tts.wavegrad2.networks.wavegrad2 import WaveGrad2
from hiervox.models.vocoder.training import build_network
from hiervox.utils.errors import CheckpointError, ConfigError
from tests.conftest import REPOSITORY
from tests.models.base.data.corpora import make_manifest
from tests.models.tts.wavegrad2.test_task import _batch, _task
from tests.models.vocoder.small import RATE, experiment

SCRIPT = REPOSITORY / "egs" / "common" / "local" / "steps_against_quality.py"


@pytest.fixture(scope="module")
def cuts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_manifest(tmp_path_factory.mktemp("corpus"), [0.6] * 4, texts=False, rate=RATE)


def _write(folder: Path, system: str) -> Path:
    torch.manual_seed(0)
    config = experiment(system)
    folder.mkdir()
    save_weights(folder, build_network(config).state_dict(), config.model_dump(mode="json"))
    return folder


@pytest.mark.parametrize("system", ["wavegrad", "diffwave"])
def test_a_vocoder_is_given_the_schedule_that_was_found(system: str, cuts: Path, tmp_path: Path) -> None:
    model, out = _write(tmp_path / "model", system), tmp_path / "three"
    command = ["schedule", "--model", str(model), "--cuts", str(cuts), "--out", str(out), "--steps", "3"]
    result = CliRunner().invoke(app, [*command, "--items", "2", "--tries", "9", "--device", "cpu"])
    assert result.exit_code == 0, result.output
    assert "evenly respaced" in result.output
    network, found = load_network(out)
    assert len(network.sampling_schedule) == 3 and len(found.model.sampling_betas) == 3  # type: ignore[arg-type, attr-defined]
    pipeline: Any = hiervox.load(out, device="cpu")
    assert np.isfinite(pipeline.vocode(np.zeros((8, 9), np.float32))).all()
    before = load_network(model)[0].state_dict()
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_what_can_not_be_searched_is_one_line(cuts: Path, tmp_path: Path) -> None:
    search = Search(cuts, steps=3, items=1, tries=1)
    with pytest.raises(CheckpointError, match="does not generate by diffusion"):
        find_schedule(_write(tmp_path / "gan", "hifigan"), search, tmp_path / "out")
    model = _write(tmp_path / "model", "wavegrad")
    with pytest.raises(ConfigError, match="training has 1000 steps"):
        find_schedule(model, Search(cuts, steps=1001, items=1), tmp_path / "out")
    with pytest.raises(ConfigError, match="is not empty"):
        find_schedule(model, search, model)


def test_text_to_speech_is_compared_with_recordings_of_its_own_durations() -> None:
    task = _task("reference")
    assert isinstance(task, SamplesInSteps)
    network, batch = task.build_networks()["main"].eval(), _batch(task)
    assert isinstance(network, WaveGrad2)
    case = task.sampling_case(network, batch)
    assert case.frames.tolist() == batch["frames"].tolist()
    schedule = case.training.respaced(2)
    assert case.score(schedule, 1) == case.score(schedule, 1) != case.score(schedule, 2)
    model = task.with_schedule({"schedules": [[0.1, 0.2], [0.3]]}, schedule)
    assert model["schedules"] == [[0.3], schedule.betas.tolist()]


def test_steps_are_plotted_against_quality(
    cuts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    spec = importlib.util.spec_from_file_location("steps_against_quality", SCRIPT)
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    arguments = ["--model", str(_write(tmp_path / "model", "diffwave")), "--cuts", str(cuts), "--items", "1"]
    arguments += ["--steps", "1", "3", "1000", "--out", str(tmp_path / "steps"), "--device", "cpu"]
    monkeypatch.setattr("sys.argv", ["steps_against_quality.py", *arguments])
    script.main()
    with (tmp_path / "steps" / "steps.csv").open(encoding="utf-8") as file:
        rows = [(row["schedule"], row["steps"]) for row in csv.DictReader(file)]
    assert rows == [("respaced", "1"), ("respaced", "3"), ("found", "2")]
    assert "<svg" in (tmp_path / "steps" / "steps.svg").read_text(encoding="utf-8")
