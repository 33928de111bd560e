"""The recipe for real, two steps a training; then the commands of README and docs on what it left."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file

from hiervox.processors.audio import read_audio, write_audio
from tests.conftest import REPOSITORY
from tests.docs.test_commands import BLOCK

RECIPE = REPOSITORY / "egs" / "tts" / "hierspeechpp" / "mini"
CORPUS = REPOSITORY / "egs" / "datasets" / "mini"
CLIPS = 14
PARTS = ("text_to_vec", "synthesizer", "speechsr24", "speechsr48")
SHORT = [f"train.{key}=2" for key in ("max_steps", "log_every", "validate_every", "save_every", "batch_size")]


class Home:
    """A newcomer's folder: a table, a few recordings, and a trained model called `mini`."""

    def __init__(self, path: Path, programs: Path) -> None:
        self.path = path
        self.bundle = path / "home" / "models" / "mini"
        self.environment = {
            **os.environ,
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(REPOSITORY),
            "HIERVOX_HOME": str(path / "home"),
            "OMP_NUM_THREADS": "1",
        }
        self._write_corpus()

    def _write_corpus(self) -> None:
        with (CORPUS / "table.csv").open(newline="") as stream:
            rows = list(csv.DictReader(stream))[:CLIPS]
        for row in rows:
            row["audio"] = str(CORPUS / row["audio"])
        with (self.path / "my_table.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        for name, row in zip(("me", "voice", "narrow", "speech"), rows, strict=False):
            write_audio(self.path / f"{name}.wav", *read_audio(Path(row["audio"]), rate=16000))

    def run(self, *command: str | Path) -> str:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.path,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, f"{command}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
        return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, warm_python: Path) -> Home:
    home = Home(tmp_path_factory.mktemp("newcomer"), warm_python)
    overrides = [part for key in [*SHORT, "data.dev_size=4"] for part in ("--set", key)]
    stages = ["--stage", "1", "--stop-stage", "6", "--exp", "exp"]
    home.run(RECIPE / "run.sh", "--corpus", "my_table.csv", *stages, *overrides)
    assemble = REPOSITORY / "egs" / "common" / "local" / "assemble_bundle.py"
    home.run("python", assemble, "--runs", "exp/runs", "--out", home.bundle, "--parts", *PARTS)
    return home


def test_all_parts_are_trained_and_logged(home: Home) -> None:
    for part in PARTS:
        run = home.path / "exp" / "runs" / part
        rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        assert [(row["step"], row["split"]) for row in rows] == [(2, "train"), (2, "dev")]
        assert list((run / "logs").glob("events.*"))
        assert (run / "checkpoints" / "step-00000002" / "state").is_dir()
        assert (home.bundle / part / "model.safetensors").is_file()


@pytest.mark.parametrize(
    ("page", "verbs", "sounds"),
    [
        ("README.md", {"tts", "vc", "sr"}, {"hello.wav": 16000, "converted.wav": 16000, "wide.wav": 48000}),
        ("docs/guides/super_resolution.md", {"sr"}, {}),
    ],
)
def test_commands_of_the_pages_make_sound(
    home: Home, page: str, verbs: set[str], sounds: dict[str, int]
) -> None:
    text = (REPOSITORY / page).read_text(encoding="utf-8").replace("\\\n", " ")
    commands = [
        shlex.split(line, comments=True)
        for block in BLOCK.findall(text)
        for line in block.splitlines()
        if re.match(rf"hiervox ({'|'.join(verbs)}) ", line)
        and (page != "README.md" or "--model" in line)  # the others are for the voice in the box
    ]
    assert {command[1] for command in commands} == verbs
    for command in commands:
        takes_model = "--model" in command
        extra = ["--overwrite", *([] if takes_model else ["--model", "mini"])]
        home.run(*(part.replace("IN", "narrow.wav").replace("FILE", "file.wav") for part in command), *extra)
    for name, rate in sounds.items():
        wav, actual = soundfile.read(home.path / name)
        assert actual == rate and len(wav) > rate // 10
        assert np.isfinite(wav).all() and 0 < np.abs(wav).max() <= 1
        record = json.loads((home.path / f"{name}.json").read_text())
        assert record["rate"] == rate


def test_a_killed_training_ends_as_if_it_had_not_been(home: Home) -> None:
    config = RECIPE / "conf" / "text_to_vec.json5"
    keys = ["data.cuts=exp/features", "data.dev_size=4", "train.max_steps=6", "train.save_every=2"]
    options = [part for key in [*keys, "train.batch_size=2"] for part in ("--set", key)]
    whole, broken = (
        ["hiervox", "train", "--config", config, *options, "--set", f"out_dir={name}"] for name in "wb"
    )
    home.run(*whole)
    process = subprocess.Popen(
        list(map(str, broken)),
        cwd=home.path,
        env=home.environment,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 300
    while not (home.path / "b" / "checkpoints" / "last.json").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not (home.path / "b" / "checkpoints" / "step-00000006").exists()
    home.run(*broken, "--resume")
    for file in sorted((home.path / "w" / "checkpoints" / "step-00000006").rglob("*.safetensors")):
        resumed = load_file(home.path / "b" / file.relative_to(home.path / "w"))
        assert all(torch.equal(tensor, resumed[name]) for name, tensor in load_file(file).items())


def test_evaluation_judges_what_was_made(home: Home) -> None:
    (home.path / "judge.csv").write_text(
        "id,system,audio,text,prompt,reference\n"
        "a,ground_truth,me.wav,if chlorophyll is absent,voice.wav,me.wav\n"
        "a,copy,me.wav,if chlorophyll is absent,,me.wav\n"
    )
    home.run("hiervox", "evaluate", "--table", "judge.csv", "--out", "judged")
    summary = (home.path / "judged" / "summary.md").read_text()
    assert "| ground_truth | 1 |" in summary and "| copy | 1 |" in summary
