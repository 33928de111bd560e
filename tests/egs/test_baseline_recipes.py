"""The recipes of VITS, EnCodec and VALL-E and their benchmark: options, dry runs, valid configs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hiervox.models.base.training.experiment import load_experiment
from tests.conftest import REPOSITORY

EGS = REPOSITORY / "egs"
RECIPES = [
    "codec/encodec/mini",
    "tts/vits/mini",
    "tts/vits/ljspeech",
    "tts/vits/vctk",
    "tts/valle/mini",
    "tts/valle/libritts",
    "benchmark/zero_shot_tts",
]
CONFIGS = sorted(
    path
    for recipe in RECIPES
    for path in (EGS / recipe).glob("conf/*.json5")
    if path.stem != "decoder" and path.parts[-3] != "vctk"  # the one a base, the other without its speakers
)


def _run(recipe: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(EGS / recipe / "run.sh"), *arguments]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_dry_run_prints_its_stages(recipe: str, tmp_path: Path) -> None:
    done = _run(recipe, "--dry-run", "--exp", str(tmp_path / "exp"), "--stop-stage", "3")
    assert done.returncode == 0, done.stderr
    assert "== stage 1" in done.stdout and "== stage 4" not in done.stdout
    assert not (tmp_path / "exp").exists()


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_wrong_option_is_one_line(recipe: str) -> None:
    done = _run(recipe, "--stages", "3")
    assert done.returncode == 2
    assert done.stderr == "run.sh: no option --stages; see run.sh --help\n"


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: str(path.relative_to(EGS)))
def test_configs_are_valid(config: Path) -> None:
    load_experiment(config)


def test_overrides_reach_their_part(tmp_path: Path) -> None:
    done = _run(
        "tts/valle/mini",
        *("--dry-run", "--exp", str(tmp_path), "--stage", "4", "--stop-stage", "5"),
        *("--set", "autoregressive:train.batch_size=3", "--set", "train.max_steps=7"),
    )
    first, second = [line for line in done.stdout.splitlines() if line.startswith("hiervox train")]
    assert "train.batch_size=3" in first and "train.batch_size=3" not in second
    assert all("train.max_steps=7" in line for line in (first, second))
