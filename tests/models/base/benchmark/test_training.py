"""Timing training steps on random batches."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from hiervox.bins.app import app
from hiervox.models.base.benchmark.networks import Setting, Size
from hiervox.models.base.benchmark.report import training_rows
from hiervox.models.base.benchmark.training import (
    TrainingResult,
    experiment_of,
    random_batch,
    seconds_of,
    training_cases,
)
from hiervox.models.base.training.experiment import build_task, load_experiment
from hiervox.utils.errors import ConfigError
from hiervox.utils.timing import Timing
from tests.conftest import REPOSITORY
from tests.own import own_systems

CASES = [
    pytest.param(system, case, id=f"{system} {case}")
    for system in own_systems()
    for case in training_cases(system)
]


@pytest.mark.parametrize(("system", "case"), CASES)
def test_a_batch_holds_what_the_task_asks_for(system: str, case: str) -> None:
    part, sections = training_cases(system)[case]
    experiment = experiment_of(system, part, sections)
    fields = build_task(experiment).batch_fields()  # type: ignore[attr-defined]
    batch = random_batch(experiment, fields, 2, 1.0)
    assert fields <= batch.keys()
    assert all(len(batch[name]) == 2 for name in fields)
    segment = (experiment.data.segment_samples or 0) / experiment.data.sample_rate
    assert seconds_of(batch, experiment) <= max(1.1, segment)
    if "durations" in fields:
        assert torch.equal(batch["durations"].sum(dim=1), batch["frames"])


def test_the_command_times_steps_and_keeps_their_losses(tmp_path: Path) -> None:
    arguments = ["benchmark", "wavernn", "--train", "--batch", "1", "--repeats", "1", "--warmup", "0"]
    where = ["--threads", "1", "--device", "cpu", "--json", str(tmp_path / "b.json")]
    result = CliRunner().invoke(app, [*arguments, *where])
    assert result.exit_code == 0, result.output
    assert "| wavernn, logistics | CPU, 1 thread | float32 | 1 |" in result.output
    (step,) = json.loads((tmp_path / "b.json").read_text())["results"]
    assert step["losses"]["likelihood"] > 0 and step["parameters"] > 4e6


def test_rows_tell_devices_apart() -> None:
    setting, timing = Setting(Size(0.5, 16), "cuda", dtype="tf32"), Timing((0.25,), (0.2,))
    results = [
        TrainingResult("a", setting, 2_000_000, timing, 3_000_000, {}, gpu) for gpu in ("some GPU", None)
    ]
    _, on_gpu, on_cpu = training_rows(results)
    assert on_gpu == ["a", "some GPU", "tf32", "16", "0.50", "2.0", "0.2500", "3"]
    assert on_cpu[1].startswith("CPU, ") and on_cpu[6] == "0.200 (0.250)"


def test_training_goes_with_a_system_and_without_a_reference(tmp_path: Path) -> None:
    for arguments in (["--train"], ["speechsr", "--train", "--reference", str(tmp_path)]):
        assert isinstance(CliRunner().invoke(app, ["benchmark", *arguments]).exception, ConfigError)


def test_prompts_of_the_default_voice_are_made_up() -> None:
    conf = REPOSITORY / "egs/tts/hierspeechpp/box/conf"
    for name, other in (("synthesizer", "semantic"), ("text_to_vec", "prompt_pitch")):
        experiment = load_experiment(conf / f"{name}.json5")
        batch = random_batch(experiment, frozenset({"prompt", other}), 2, 1.0)
        assert batch["prompt"].shape == (2, 10 * 16_000) and batch["prompt_lengths"].tolist() == [160_000] * 2
        assert batch.get("prompt_pitch", torch.zeros(2, 2)).shape == (2, 2)


def test_the_step_of_a_config_is_timed() -> None:
    conf = REPOSITORY / "egs/tts/valle/mini/conf/autoregressive.json5"
    given = ["--train", "--config", str(conf), "--repeats", "1", "--warmup", "0", "--device", "cpu"]
    quick = ["--batch", "1", "--seconds", "0.5", "--threads", "1", "--set", "model.n_layers=2"]
    result = CliRunner().invoke(app, ["benchmark", "valle", *given, *quick])
    assert result.exit_code == 0, result.exception
    assert "| valle, autoregressive | CPU, 1 thread | float32 | 1 | 0.49 |" in result.output
    wrong = CliRunner().invoke(app, ["benchmark", "vits", *given])
    assert "is of valle" in str(wrong.exception)
    alone = CliRunner().invoke(app, ["benchmark", "valle", "--train", "--set", "model.n_layers=2"])
    assert "--set goes with --config" in str(alone.exception)
