"""Follows docs/guides/adding_a_task.md: pip installs its package, and its commands run."""

from __future__ import annotations

import csv
import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import REPOSITORY
from tests.docs.pages import commands_of, write_corpus, write_files
from tests.plugins import pip_install

PAGE = REPOSITORY / "docs" / "guides" / "adding_a_task.md"


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory, warm_python: Path) -> tuple[Path, dict[str, str]]:
    """The folder that the page leaves, and what each of its commands printed."""
    folder = tmp_path_factory.mktemp("page")
    page = PAGE.read_text(encoding="utf-8")
    write_files(page, folder)
    site = tmp_path_factory.mktemp("site")
    pip_install(folder, site)
    write_corpus(folder)
    path = f"{warm_python}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"}
    printed = {}
    for line in commands_of(page)[1:]:  # pip has been run
        done = subprocess.run(
            ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
        printed[line.split(" --")[0]] = done.stdout
    return folder, printed


def test_the_task_is_listed(followed: tuple[Path, dict[str, str]]) -> None:
    _, printed = followed
    assert re.search(r"^separation +separate +1 +si_sdr_improvement", printed["hiervox tasks"], re.MULTILINE)


def test_the_recipe_measures_each_voice(followed: tuple[Path, dict[str, str]]) -> None:
    folder, _ = followed
    with (folder / "exp" / "evaluation" / "utterances.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 6
    assert all(np.isfinite(float(row["si_sdr_improvement"])) for row in rows)


def test_the_voices_add_up_to_the_mixture(followed: tuple[Path, dict[str, str]]) -> None:
    folder, printed = followed
    voices = [soundfile.read(folder / f"apart.voice{number}.wav")[0] for number in (1, 2)]
    mixture, _ = soundfile.read(folder / "exp" / "data" / "mixtures" / "0.mixture.wav")
    assert np.allclose(sum(voices), mixture, atol=1e-3)
    assert "separation" in printed["hiervox benchmark exp/runs/masks"]
