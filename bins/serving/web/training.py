"""A training of the page: a folder that says all of it, and a process that goes on without the page.

Layout, below `training/NAME` of $HIERVOX_HOME::

    data/ valid/ features/     what `hiervox prepare`, `validate` and `extract` make
    config.json                what `hiervox train` reads
    run/                       what it makes
    log.txt process.json       what the process says, and its number
"""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from hiervox.models.base.data.features import FEATURES_NAME
from hiervox.models.base.data.manifest import CUTS_NAME
from hiervox.models.base.data.validation import REPORT_NAME
from hiervox.models.base.training.run_folder import CHECKPOINTS_NAME, LOGS_NAME, METRICS_NAME
from hiervox.utils.errors import ConfigError, HierVoxError
from hiervox.utils.files import write_json
from hiervox.utils.json_files import parse_json, read_json
from hiervox.utils.storage import hiervox_home

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
LOG_BYTES = 4_000
HIERVOX = (sys.executable, "-m", "hiervox")
STEP_SECONDS = 3600.0
"""That a step on the table may take."""
_processes: dict[Path, subprocess.Popen[bytes]] = {}


class StepError(HierVoxError):
    """A command that failed, with what it said."""


def training_names() -> list[str]:
    """All trainings, by name."""
    return sorted(folder.name for folder in _home().glob("*") if NAME.fullmatch(folder.name))


def _home() -> Path:
    return hiervox_home() / "training"


class Training:
    """One training.

    Args:
        name: letters, digits, - and _.

    Raises:
        ConfigError: the name is unusable.
    """

    def __init__(self, name: str) -> None:
        if not NAME.fullmatch(name or ""):
            raise ConfigError(f"no training can be called {name!r}", "use letters, digits, - and _")
        self.folder = _home() / name
        self.config, self.run = self.folder / "config.json", self.folder / "run"
        self.log, self._process = self.folder / "log.txt", self.folder / "process.json"

    def check(self, table: Path, speaker: str, language: str) -> dict[str, Any]:
        """Read a table and name its bad recordings; returns what `hiervox validate --json` tells.

        Raises:
            ConfigError: the training is under way.
            StepError: a command failed.
        """
        self._require_idle()
        data, valid = self.folder / "data", self.folder / "valid"
        own = [*(["--speaker", speaker] if speaker else []), *(["--language", language] if language else [])]
        _told(["prepare", "--table", str(table), "--out", str(data), "--overwrite", *own])
        return _told(["validate", "--cuts", str(data), "--out", str(valid)])

    def bad_recordings(self) -> list[dict[str, str]]:
        """Rows of the validation's report: id, audio, reason, detail."""
        report = self.folder / "valid" / REPORT_NAME
        if not report.is_file():
            return []
        with report.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def begin(self, tree: Mapping[str, Any], overrides: Sequence[str], device: str) -> None:
        """Extract features and train, in a process of its own.

        Raises:
            ConfigError: there are no recordings, or the training is under way or was begun before.
            HierVoxError: the config can't be used.
        """
        from hiervox.models.base.training.experiment import load_experiment

        self._require_idle()
        if not (self.folder / "valid" / CUTS_NAME).is_file():
            raise ConfigError("there are no recordings", "check a table first")
        if (self.run / CHECKPOINTS_NAME).is_dir():
            raise ConfigError("this training was begun before", "resume it, or choose another name")
        data = {**tree.get("data", {}), "cuts": str(self.folder / "features")}
        write_json(self.config, {**tree, "data": data, "out_dir": str(self.run)})
        load_experiment(self.config, overrides)
        write_json(self.folder / "begun.json", {"overrides": list(overrides), "device": device})
        self._start()

    def resume(self) -> None:
        """Go on with a training that was stopped.

        Raises:
            ConfigError: it is under way, or was never begun.
        """
        self._require_idle()
        if not (self.folder / "begun.json").is_file():
            raise ConfigError("this training was not begun", "train first")
        self._start()

    def _start(self) -> None:
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _processes[self.folder] = process
        write_json(self._process, {"pid": process.pid})

    def stop(self) -> None:
        """Have it save, and end.

        Raises:
            ConfigError: it is not under way.
        """
        if not self.is_running:
            raise ConfigError("this training is not under way", "choose another")
        os.killpg(int(read_json(self._process)["pid"]), signal.SIGTERM)

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""
        own = _processes.get(self.folder)
        if own is not None:
            return own.poll() is None
        if not self._process.is_file():
            return False
        return psutil.pid_exists(int(read_json(self._process)["pid"]))

    def _require_idle(self) -> None:
        if self.is_running:
            raise ConfigError("this training is under way", "stop it first")

    def said(self) -> str:
        """The end of what its process said."""
        if not self.log.is_file():
            return ""
        content = self.log.read_bytes()[-LOG_BYTES:].decode(errors="replace").replace(f"{self.folder}/", "")
        return "\n".join(line.rsplit("\r", 1)[-1] for line in content.replace("\r\n", "\n").split("\n"))

    @property
    def metrics(self) -> Path:
        """The file of its losses, which may not be there yet."""
        return self.run / METRICS_NAME

    def samples(self) -> list[tuple[str, int, bytes]]:
        """The last sound of each kind that it has logged: its name, step, and a WAV file."""
        from tensorboard.backend.event_processing.event_accumulator import AUDIO, EventAccumulator

        logs = self.run / LOGS_NAME
        if not logs.is_dir():
            return []
        events = EventAccumulator(str(logs), {AUDIO: 1})
        events.Reload()
        sounds = ((tag, events.Audio(tag)[-1]) for tag in events.Tags()[AUDIO])
        return [(tag, sound.step, sound.encoded_audio_string) for tag, sound in sounds]


def _told(arguments: Sequence[str]) -> dict[str, Any]:
    """What a command tells as JSON.

    Raises:
        StepError: it failed.
    """
    command = [*HIERVOX, *arguments, "--json"]
    done = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=STEP_SECONDS
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
        raise StepError(f"hiervox {arguments[0]} failed", last.removeprefix("hiervox: "))
    told: dict[str, Any] = parse_json(done.stdout)
    return told


def main(folder: Path) -> None:
    """Extract what is not there, and become `hiervox train`."""
    training = Training(folder.name)
    begun = read_json(folder / "begun.json")
    settings = [word for override in begun["overrides"] for word in ("--set", override)]
    features = folder / "features"
    own = ["--config", str(training.config), *settings, "--device", begun["device"]]
    if not (training.run / CHECKPOINTS_NAME).is_dir() or not (features / FEATURES_NAME).is_file():
        command = ["extract", "--cuts", str(folder / "valid"), "--out", str(features), *own]
        done = subprocess.run([*HIERVOX, *command])
        if done.returncode:
            sys.exit(done.returncode)
    again = ["--resume"] if (training.run / CHECKPOINTS_NAME).is_dir() else []
    os.execv(sys.executable, [*HIERVOX, "train", *own, *again])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
