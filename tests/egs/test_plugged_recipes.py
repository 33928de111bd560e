"""Recipes and corpora that installed packages bring."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hiervox.bins.app import app
from hiervox.models.base.data.manifest import read_cuts
from hiervox.models.base.recipes import RECIPES
from hiervox.utils.errors import DependencyError
from tests.conftest import REPOSITORY
from tests.plugins import installed, write_package

RUN = """#!/usr/bin/env bash
# Tones in small: from a corpus to a training. Further words.
set -euo pipefail
source "$(hiervox recipes engine)"
with_corpus
corpus=tones
parse "$@"
if stage 1 download "the corpus"; then
  corpus download
fi
if stage 2 data "cut manifests"; then
  corpus prepare --out "$exp/data"
fi
if stage 3 train "a network"; then
  train generator "$conf/tones.json5" "$exp/data/train"
fi
"""
CORPUS = """
from hiervox.models.base.data.corpus import iterate_corpus
from hiervox.models.base.data.manifest import CUTS_NAME, write_cuts

def download(folder, *, tones=2):
    import numpy, soundfile
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["audio,text,speaker"]
    for index in range(tones):
        soundfile.write(folder / f"{index}.wav", 0.1 * numpy.sin(numpy.arange(16000) / (9 + index)), 16000)
        rows.append(f"{index}.wav,A tone.,sine")
    (folder / "table.csv").write_text("\\n".join(rows) + "\\n")

def prepare(folder, out):
    cuts = list(iterate_corpus(folder / "table.csv"))
    for side in ("train", "test"):
        write_cuts(cuts, out / side / CUTS_NAME)
"""
FILES = {
    "tonal/__init__.py": """
from pathlib import Path
from hiervox.models.base.recipes import Recipe
RECIPE = Recipe("vocoder/tonal", Path(__file__).parent / "recipe")
EMPTY = Recipe("vocoder/empty", Path(__file__).parent / "nowhere")
""",
    "tonal/tones.py": CORPUS,
    "tonal/recipe/run.sh": RUN,
    "tonal/recipe/conf/tones.json5": "{}",
}
POINTS = {
    "hiervox.recipes": {"tonal": "tonal:RECIPE"},
    "hiervox.datasets": {"tones": "tonal.tones", "noises": "tonal.noises"},
}


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        ["bash", str(folder / "tonal" / "recipe" / "run.sh"), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_recipe_works_wherever_it_lies(tmp_path: Path) -> None:
    write_package(tmp_path, "tonal", POINTS, FILES)
    dry = run(tmp_path, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert f"{REPOSITORY}/egs/datasets/corpus.py" in dry.stdout
    assert f"{tmp_path}/tonal/recipe/conf/tones.json5" in dry.stdout
    done = run(tmp_path, "--stop-stage", "2", "--exp", "exp")
    assert done.returncode == 0, done.stderr
    assert len(list(read_cuts(tmp_path / "exp" / "data" / "train"))) == 2
    broken = run(tmp_path, "--corpus", "noises")
    assert broken.returncode == 2
    assert "no corpus 'noises': tonal 0.1 brings it, but ModuleNotFoundError" in broken.stderr
    unknown = run(tmp_path, "--corpus", "tnoes")
    assert unknown.returncode == 2 and "did you mean 'tones'" in unknown.stderr


def test_recipes_are_listed_and_found(tmp_path: Path) -> None:
    points = {"hiervox.recipes": {**POINTS["hiervox.recipes"], "empty": "tonal:EMPTY"}}
    with installed(tmp_path, "tonal", points, FILES):
        found = CliRunner().invoke(app, ["recipes", "path", "vocoder/tonal"])
        assert found.output.strip() == str(tmp_path / "tonal" / "recipe" / "run.sh")
        assert RECIPES["vocoder/tonal"].summary == "Tones in small: from a corpus to a training"
        with pytest.raises(DependencyError, match="recipe vocoder/empty has no"):
            _ = RECIPES["vocoder/empty"].run
    names = {recipe.folder for recipe in RECIPES.values()}
    assert REPOSITORY / "egs" / "vocoder" / "hifigan" in names
    assert all(recipe.summary for recipe in RECIPES.values())
