"""Follows docs/adding_a_system.md: its files, its entry point, its commands."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile

from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "adding_a_system.md"
FILE = re.compile(r"^`([\w./]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def install(folder: Path) -> None:
    """What `pip install --editable` leaves of an entry point, without asking a package index."""
    project = configparser.ConfigParser()
    project.read(folder / "pyproject.toml")
    points = project['project.entry-points."hiervox.systems"']
    lines = [f"{name} = {target.strip(chr(34))}" for name, target in points.items()]
    info = folder / "linear_vocoder-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: linear-vocoder\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("\n".join(["[hiervox.systems]", *lines, ""]))


def write_corpus(folder: Path) -> None:
    rng = np.random.default_rng(0)
    rows = ["audio,text,speaker,language"]
    for index in range(4):
        soundfile.write(folder / f"{index}.wav", 0.1 * rng.standard_normal(16000 + 1600 * index), 16000)
        rows.append(f"{index}.wav,Some words.,nobody,en-us")
    (folder / "corpus.csv").write_text("\n".join(rows) + "\n")


def test_the_page_works_as_it_is_written(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    files = dict(FILE.findall(page))
    assert len(files) == 6
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    install(tmp_path)
    write_corpus(tmp_path)
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{REPOSITORY}", "OMP_NUM_THREADS": "1"}

    def run(command: list[str]) -> str:
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    commands = [shlex.split(line) for block in COMMANDS.findall(page) for line in block.splitlines()]
    assert [command[:2] for command in commands] == [
        ["hiervox", verb] for verb in ("systems", "prepare", "config", "train")
    ]
    outputs = [run([sys.executable, "-m", "hiervox.bins.app", *command[1:]]) for command in commands]
    assert re.search(r"^linear_vocoder +vocoder +generator", outputs[0], re.MULTILINE)
    check = """
from pathlib import Path
from hiervox.models.base.checkpoints.checkpoint import load_network
network, experiment = load_network(Path("exp/linear_vocoder"))
assert network.convolution.kernel_size == (7,)
"""
    run([sys.executable, "-c", check])
    rows = [
        json.loads(line) for line in (tmp_path / "exp/linear_vocoder/metrics.jsonl").read_text().splitlines()
    ]
    assert rows[0]["step"] == 1 and rows[0]["mel"] > 0
