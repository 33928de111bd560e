"""Follows docs/guides/adding_a_task.md: pip installs its package, and its commands run."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import REPOSITORY
from tests.plugins import pip_install

PAGE = REPOSITORY / "docs" / "guides" / "adding_a_task.md"
FILE = re.compile(r"^`([\w./]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^```bash\n(pip install.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The folder that the page leaves, and what each of its commands printed."""
    folder = tmp_path_factory.mktemp("page")
    page = PAGE.read_text(encoding="utf-8")
    for name, text in FILE.findall(page):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    site = tmp_path_factory.mktemp("site")
    pip_install(folder, site)
    rng = np.random.default_rng(0)
    rows = ["audio,text,speaker,language"]
    for index in range(4):
        soundfile.write(folder / f"{index}.wav", 0.1 * rng.standard_normal(16000 + 1600 * index), 16000)
        rows.append(f"{index}.wav,Some words.,nobody,en-us")
    (folder / "corpus.csv").write_text("\n".join(rows) + "\n")
    (block,) = COMMANDS.findall(page)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"}
    printed = {}
    for line in block.splitlines()[1:]:
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
