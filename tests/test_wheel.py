"""The wheel, installed elsewhere, speaks from a folder whose own modules have the names of ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import soundfile

from tests.conftest import REPOSITORY

SOURCES = (
    *("bins", "evaluation", "models", "modules", "pretrained", "processors", "utils"),
    *("egs/common", "egs/datasets"),
)
FILES = ("setup.py", "pyproject.toml", "README.md", "LICENSE")
CACHES = shutil.ignore_patterns("__pycache__")
RECIPE = """#!/usr/bin/env bash
# A recipe that lies anywhere.
set -euo pipefail
source "$(hiervox recipes engine)"
with_corpus
parse "$@"
if stage 1 data "cut manifests"; then
  corpus prepare --out "$exp/data"
fi
"""
HOSTILE = "raise SystemExit('the wrong module was imported')\n"


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{command}: {done.stdout} {done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        shutil.copytree(
            REPOSITORY / name, folder / "source" / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in FILES:
        shutil.copy(REPOSITORY / name, folder / "source" / name)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps")
    run(*pip, "--no-build-isolation", "--no-index", "-w", folder, ".", cwd=folder / "source")
    (built,) = folder.glob("*.whl")
    return built


def test_it_installs_one_name(wheel: Path) -> None:
    names = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"hiervox"}


def test_it_speaks_among_hostile_modules(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "env", cwd=tmp_path)
    python = tmp_path / "env" / "bin" / "python"
    (site,) = (tmp_path / "env" / "lib").glob("python*/site-packages")
    packages = [path for path in sys.path if path.endswith("site-packages")]
    (site / "dependencies.pth").write_text("\n".join(packages) + "\n")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    run(*pip, "install", "--no-deps", "--no-index", "--quiet", wheel, cwd=tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("utils", "models", "modules", "processors", "bins", "evaluation"):
        (elsewhere / f"{name}.py").write_text(HOSTILE)
    hiervox = tmp_path / "env" / "bin" / "hiervox"
    home = {"PYTHONPATH": str(elsewhere), "HIERVOX_HOME": str(tmp_path / "home")}
    assert run(hiervox, "tts", "Hello", "-o", "out.wav", cwd=elsewhere, **home).strip() == "out.wav"
    wav, rate = soundfile.read(elsewhere / "out.wav")
    assert rate == 16_000
    assert 0.2 < len(wav) / rate < 4
    found = run(python, "-c", "import hiervox; print(hiervox.__file__)", cwd=elsewhere, **home)
    assert Path(found.strip()).is_relative_to(site)
    sourced = Path(run(hiervox, "recipes", "engine", cwd=elsewhere, **home).strip())
    assert (
        sourced.is_relative_to(site)
        and sourced.read_text() == (REPOSITORY / "egs/common/recipe.sh").read_text()
    )
    (elsewhere / "run.sh").write_text(RECIPE)
    path = {**home, "PATH": f"{hiervox.parent}:{os.environ['PATH']}"}
    run("bash", "run.sh", cwd=elsewhere, **path)
    assert (elsewhere / "exp" / "data" / "train" / "cuts.jsonl.gz").is_file()
