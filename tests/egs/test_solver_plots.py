"""Steps of solvers against what they cost: the program, and the recipe that speaks with several."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hiervox.utils.errors import ConfigError
from tests.conftest import REPOSITORY
from tests.models.tts.hierspeech.test_pipeline import write_hierspeech
from tests.models.tts.naturalspeech2.tiny_naturalspeech2 import write_naturalspeech2

PROGRAM = REPOSITORY / "egs" / "common" / "local" / "solver_error.py"
RECIPE = REPOSITORY / "egs" / "tts" / "naturalspeech2" / "mini" / "run.sh"


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The program, with options."""
    spec = importlib.util.spec_from_file_location("solver_error", PROGRAM)
    assert spec and spec.loader
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)

    def run(*arguments: str) -> None:
        monkeypatch.setattr(sys, "argv", [str(PROGRAM), "--text", "Hm.", "--device", "cpu", *arguments])
        program.main()

    return run


def test_more_steps_are_nearer_to_many(measure: Callable[..., None], tmp_path: Path) -> None:
    model = write_naturalspeech2(tmp_path / "model")
    prompt = tmp_path / "prompt.wav"
    soundfile.write(prompt, 0.1 * np.sin(np.arange(24_000) / 8), 24_000)
    options = (
        "--prompt",
        str(prompt),
        "--steps",
        "1",
        "16",
        "--reference",
        "32",
        "--out",
        str(tmp_path / "out"),
    )
    measure("--model", str(model), *options)
    with (tmp_path / "out" / "solver_error.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["solver"], row["steps"]) for row in rows] == [
        ("euler", "1"),
        ("euler", "16"),
        ("midpoint", "1"),
        ("midpoint", "16"),
    ]
    far = [float(row["mel_distance"]) for row in rows]
    assert far[1] < far[0] and far[3] < far[2]
    drawn = (tmp_path / "out" / "solver_error.svg").read_text()
    assert "midpoint" in drawn and "euler" in drawn


def test_a_system_without_steps_is_refused(measure: Callable[..., None], tmp_path: Path) -> None:
    write_hierspeech(tmp_path / "model")
    with pytest.raises(ConfigError, match="no control"):
        measure("--model", str(tmp_path / "model"), "--out", str(tmp_path / "out"))


def test_the_recipe_speaks_with_several_numbers_of_steps(tmp_path: Path) -> None:
    command = [str(RECIPE), "--dry-run", "--exp", str(tmp_path), "--stage", "10"]
    done = subprocess.run([*command, "--steps", "4,50"], capture_output=True, text=True, timeout=60)
    spoken = [line for line in done.stdout.splitlines() if "speak_list" in line]
    assert [line.partition("--control=")[2].split()[0] for line in spoken] == ["steps=4", "steps=50"]
    assert f"naturalspeech2_50_steps={tmp_path}/wavs/naturalspeech2_50_steps" in done.stdout
    assert "steps_plot.py" in done.stdout
    plain = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    assert "--control=steps=20 --out" in plain and "steps_plot.py" not in plain
    wrong = subprocess.run([*command, "--steps", "4"], capture_output=True, text=True, timeout=60)
    assert wrong.returncode == 2 and "two numbers or more" in wrong.stderr
