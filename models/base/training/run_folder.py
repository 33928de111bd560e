"""The files of a training run: what stands where, in what order it is written, what is thrown away.

Layout::

    config.json                        the resolved experiment
    metrics.jsonl  logs/               terms by step, and the same for TensorBoard
    checkpoints/last.json              {"folder": "step-00000020"}
    checkpoints/step-00000020/
        model.safetensors config.json  what inference needs
        progress.json state/           what resuming needs; gone from checkpoints that stay as "best" only
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from hiervox.models.base.checkpoints.checkpoint import (
    CHECKPOINTS_NAME,
    CONFIG_NAME,
    LAST_NAME,
    find_checkpoint,
    read_json,
)
from hiervox.models.base.config import ExperimentConfig
from hiervox.utils.config import Config
from hiervox.utils.errors import CheckpointError, ConfigError, TrainingError
from hiervox.utils.files import publish_folder, write_json, write_text

STATE_NAME = "state"
PROGRESS_NAME = "progress.json"
METRICS_NAME = "metrics.jsonl"
SAME_ON_RESUME = ("system", "part", "model", "loss", "features", "text")


class Progress(Config):
    """How far a training is.

    Attributes:
        step: optimizer steps done.
        epoch: the epoch that is under way.
        batches: batches of it that were used.
        best: folder name → validation value of the best checkpoints.
    """

    step: int = 0
    epoch: int = 0
    batches: int = 0
    best: dict[str, float] = Field(default_factory=dict)


class RunFolder:
    """One run's folder on disk.

    Args:
        experiment: its config; `out_dir` is the folder.
    """

    def __init__(self, experiment: ExperimentConfig) -> None:
        self.experiment = experiment
        self.path = experiment.out_dir
        self.checkpoints = self.path / CHECKPOINTS_NAME

    def begin(self) -> None:
        """Claim the folder for a new run.

        Raises:
            TrainingError: it already holds one.
        """
        if (self.checkpoints / LAST_NAME).exists():
            raise TrainingError(
                f"{self.path} already holds a run", "continue it with --resume, or set another out_dir"
            )
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / METRICS_NAME).unlink(missing_ok=True)
        write_json(self.path / CONFIG_NAME, self.experiment.model_dump(mode="json"))

    def resume_point(self) -> tuple[Path, Progress]:
        """The last whole checkpoint with its state, and how far it is.

        Raises:
            CheckpointError: there is no run here, or its last checkpoint is broken.
            ConfigError: the run was made with another model, loss or features.
        """
        if not (self.checkpoints / LAST_NAME).exists():
            raise CheckpointError(f"nothing to resume in {self.path}", "leave --resume out to start a run")
        folder = find_checkpoint(self.path)
        if not (folder / STATE_NAME).is_dir():
            raise CheckpointError(f"{folder} has no {STATE_NAME}", "restore the folder")
        then, now = self._stored_config(), self.experiment.model_dump(mode="json")
        for section in SAME_ON_RESUME:
            if then.get(section) != now.get(section):
                raise ConfigError(
                    f"`{section}` is not the one that {self.path} was trained with",
                    "keep it as it was, or start a new run with --init-from and another out_dir",
                )
        return folder, Progress.model_validate(read_json(folder / PROGRESS_NAME))

    def _stored_config(self) -> dict[str, Any]:
        """The run's config; keys that there were not yet when it was written have their defaults."""
        tree = read_json(self.path / CONFIG_NAME)
        try:
            return type(self.experiment).model_validate(tree).model_dump(mode="json")
        except ValidationError:  # a key that is no more: then it is another model
            return tree

    def rewind(self, step: int) -> None:
        """Make the folder that of a run at `step`, with the present config."""
        write_json(self.path / CONFIG_NAME, self.experiment.model_dump(mode="json"))
        path = self.path / METRICS_NAME
        if path.exists():
            rows = [line for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
            write_text(path, "".join(f"{row}\n" for row in rows if json.loads(row)["step"] <= step))

    def log(self, row: dict[str, Any]) -> None:
        """Add one line to the metrics."""
        with (self.path / METRICS_NAME).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row) + "\n")

    @contextmanager
    def new_checkpoint(self, name: str) -> Iterator[Path]:
        """Yield a temporary folder that becomes `checkpoints/<name>`, the last one, when the block ends."""
        temporary = self.temporary(name)
        yield temporary
        publish_folder(temporary, self.checkpoints / name)
        write_json(self.checkpoints / LAST_NAME, {"folder": name})

    def temporary(self, name: str) -> Path:
        """The folder in which checkpoint `name` is put together; made if it is not there."""
        folder = self.checkpoints / f".{name}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def prune(self, best: dict[str, float]) -> None:
        """Keep the last `keep_last` checkpoints whole and those of `best` without their state.

        Raises:
            OSError: a file can't be removed.
        """
        keep_last = self.experiment.train.keep_last
        folders = sorted(path for path in self.checkpoints.glob("step-*") if path.is_dir())
        for folder in folders[:-keep_last]:
            if folder.name in best:
                shutil.rmtree(folder / STATE_NAME, ignore_errors=True)
            else:
                shutil.rmtree(folder)
        for leftover in self.checkpoints.glob(".step-*"):  # of a run that was killed while it saved
            shutil.rmtree(leftover)


def ranked_best(best: dict[str, float], name: str, value: float, keep: int) -> dict[str, float]:
    """`best` with one more checkpoint, cut to the `keep` lowest values; ties keep the earlier one."""
    ranked = sorted({**best, name: value}.items(), key=lambda item: item[1])
    return dict(ranked[:keep])
