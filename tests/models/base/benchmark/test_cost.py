"""`hiervox plan`: arithmetic on what was measured, and nothing without."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hiervox.models.base.data.index import open_index
from tests.command_line import mistake, run
from tests.models.base.toy import register

CONFIG: dict[str, Any] = {
    "system": "toy",
    "part": "toy",
    "out_dir": "run",
    "data": {"cuts": "data"},
    "train": {"max_steps": 1000, "batch_size": 10, "accumulate": 2, "keep_last": 3, "keep_best": 1},
}
STEP: dict[str, Any] = {
    "command": "hiervox benchmark toy --train",
    "machine": {"processor": "x86_64", "cores": 2},
    "results": [
        {
            "setting": {"size": {"batch": batch, "seconds": 5.0}, "threads": 1, "dtype": "float32"},
            "timing": {"wall": [1.8, 0.9, 1.9], "processor": [1.0]},
            "memory": 2_000_000_000,
            "gpu": None,
        }
        for batch in (4, 10)
    ],
}


@pytest.fixture
def config(tmp_path: Path) -> str:
    register()
    path = tmp_path / "toy.json5"
    path.write_text(json.dumps(CONFIG), encoding="utf-8")
    return str(path)


def figures(*arguments: str) -> dict[str, str]:
    rows = (line.split("|") for line in run("plan", *arguments).splitlines()[2:] if line)
    return {row[1].strip(): row[2].strip() for row in rows}


def test_steps_follow_from_hours_and_gpus(config: str) -> None:
    told = figures(config, "--hours", "100", "--gpus", "4", "--utterance", "4.5")
    assert (told["utterances"], told["utterances to a step"]) == ("80,000", "80")
    assert (told["steps of an epoch"], told["epochs"]) == ("1,000", "1.0")
    assert "training" not in told and "extraction" not in told and "features" not in told
    seconds = figures(config, "--hours", "100", "--set", "train.max_batch_seconds=20", "--utterance", "4.5")
    assert seconds["utterances to a step"] == "8"  # 20 s hold four of them


def test_hours_follow_from_a_timed_step(config: str, tmp_path: Path) -> None:
    step = tmp_path / "step.json"
    step.write_text(json.dumps(STEP), encoding="utf-8")
    told = figures(config, "--hours", "100", "--gpus", "4", "--step", str(step), "--extraction-speed", "50")
    assert (told["training"], told["devices' time"]) == ("1.0 h", "4 h")  # 1000 × 2 × 1.8 s
    assert (told["memory of a device"], told["extraction"]) == ("2.0 GB", "0.5 h")
    other = mistake("plan", config, "--hours", "1", "--step", str(step), "--set", "train.batch_size=3")
    assert "no step with train.batch_size 3" in other
    step.write_text(json.dumps({**STEP, "command": "hiervox benchmark vits --train"}), encoding="utf-8")
    assert "is not of toy" in mistake("plan", config, "--hours", "1", "--step", str(step))
    step.write_text("{}", encoding="utf-8")
    assert "holds no times of training steps" in mistake("plan", config, "--hours", "1", "--step", str(step))


def test_storage_follows_from_a_sample(config: str, tmp_path: Path, feature_folder: Path) -> None:
    index = open_index(feature_folder)
    seconds = float((index.table["samples"] / index.table["rate"]).sum())
    held = sum(file.stat().st_size for file in (feature_folder / "blocks").iterdir())
    told = figures(config, "--hours", "1000", "--sample", str(feature_folder))
    assert told["length of an utterance"] == f"{seconds / len(index):.1f} s"
    assert told["features"] == f"{held / seconds * 3.6e6 / 1e9:,.1f} GB"
    samples = 16_000 * 2 * 3.6e6 / 1e9  # and headers
    assert samples < float(told["recordings"].removesuffix(" GB")) < samples + 1
