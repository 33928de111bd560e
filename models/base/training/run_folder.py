"""The files of a training run: what stands where, in what order it is written, what is thrown away.

Layout::

    run.lock                           held by the process that trains
    config.json                        the resolved experiment
    data.json                          the fingerprint of what it trains on
    metrics.jsonl  losses.png  logs/   terms by step, their curves, and the same for TensorBoard
    budget.jsonl                       with a budget: seconds spent by step
    checkpoints/last.json              {"folder": "step-00000020"}
    checkpoints/step-00000020/
        model.safetensors config.json  what inference needs
        progress.json state/           what resuming needs; gone from checkpoints that stay as "best" only
        checksums.json                 of all of it
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from hiervox.models.base.checkpoints.checkpoint import (
    CHECKPOINTS_NAME,
    CONFIG_NAME,
    LAST_NAME,
    STATE_NAME,
    read_json,
)
from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.data.manifest import manifest_path
from hiervox.models.base.training.checksums import CHECKSUMS_NAME, require_unchanged, write_checksums
from hiervox.models.base.training.freezing import covers
from hiervox.models.base.training.remote_run import RemoteRun
from hiervox.models.base.training.run_changes import changed_keys, described, require_exact
from hiervox.models.base.training.run_lock import LOCK_NAME, RunLock
from hiervox.utils.config import Config
from hiervox.utils.errors import CheckpointError, ConfigError, TrainingError, one_line
from hiervox.utils.files import made_folder, publish_folder, write_json, write_text
from hiervox.utils.logging import get_logger
from hiervox.utils.outputs import check_outputs
from hiervox.utils.storage import url_of

PROGRESS_NAME = "progress.json"
METRICS_NAME = "metrics.jsonl"
BUDGET_NAME = "budget.jsonl"
DATA_NAME = "data.json"
CURVES_NAME = "losses.png"
LOGS_NAME = "logs"
STEP_FOLDERS = "step-*"
DATA_KEY = "data.cuts"
"""Of the config, that `--allow-change` takes for changed data."""
OWN_NAMES = {
    LOCK_NAME,
    CONFIG_NAME,
    DATA_NAME,
    METRICS_NAME,
    BUDGET_NAME,
    CURVES_NAME,
    LOGS_NAME,
    CHECKPOINTS_NAME,
}

_log = get_logger("train")


def checkpoint_name(step: int) -> str:
    """The folder name of a step's checkpoint."""
    return f"step-{step:08d}"


class Progress(Config):
    """How far a training is.

    Attributes:
        step: optimizer steps done.
        epoch: the epoch that is under way.
        batches: batches of it that were used.
        best: folder name → validation value of the best checkpoints.
    """

    step: int = Field(0, ge=0, strict=True)
    epoch: int = Field(0, ge=0, strict=True)
    batches: int = Field(0, ge=0, strict=True)
    best: dict[str, float] = Field(default_factory=dict)


class RunFolder:
    """One run's folder on disk.

    Args:
        experiment: its config; `out_dir` is the folder, or the URL where a copy of it is kept.

    Attributes:
        path: of the folder on this machine.
        remote: the folder at the URL.
    """

    def __init__(self, experiment: ExperimentConfig) -> None:
        self.experiment = experiment
        url = url_of(experiment.out_dir)
        self.remote = None if url is None else RemoteRun(url)
        self.path = experiment.out_dir if self.remote is None else self.remote.folder
        self.checkpoints = self.path / CHECKPOINTS_NAME
        self.lock = RunLock(self.path)

    def __str__(self) -> str:
        return str(self.remote or self.path)

    def begin(self, fingerprint: str | None = None) -> None:
        """Claim the folder for a new run, and keep it until `release`.

        Args:
            fingerprint: of the data, for `require_data`.

        Raises:
            TrainingError: it holds a run, or anything else; or another process trains in it.
            ConfigError: it can't be made or written.
        """
        with self._usable(), made_folder(self.path):
            was_empty = not any(self.path.iterdir())
            try:
                if self.remote is not None:
                    self._begin_anew(self.remote)
                self._begin(fingerprint)
                self.send_notes()
            except BaseException:
                if was_empty and self.lock.is_held:
                    for name in (DATA_NAME, CONFIG_NAME, LOCK_NAME):
                        (self.path / name).unlink(missing_ok=True)
                self.lock.release()
                raise

    def _begin(self, fingerprint: str | None) -> None:
        if not self.lock.path.exists():
            self._require_unused()
        manifest = manifest_path(self.experiment.data.cuts)
        self.lock.acquire([manifest])
        self._require_unused()
        names = (CONFIG_NAME, DATA_NAME, METRICS_NAME, BUDGET_NAME, CURVES_NAME)
        check_outputs([self.path / name for name in names], True, inputs=[manifest])
        for name in (METRICS_NAME, BUDGET_NAME, DATA_NAME):
            (self.path / name).unlink(missing_ok=True)
        self._note_data(fingerprint)
        write_json(self.path / CONFIG_NAME, self.experiment.model_dump(mode="json"))

    def _begin_anew(self, remote: RemoteRun) -> None:
        """Empty the copy of a URL that holds no run.

        Raises:
            TrainingError: it does, or anything else.
        """
        self._require_no_run()
        if others := remote.names() - OWN_NAMES:
            raise TrainingError(
                f"{remote} is not empty ({', '.join(sorted(others)[:5])})", "set another out_dir"
            )
        self.lock.acquire()
        remote.clear()

    def send_notes(self) -> None:
        """Copy what is written beside the checkpoints to the URL, if there is one.

        Raises:
            DataError: it can't be written.
        """
        if self.remote is not None:
            self.remote.send_notes()

    def finish(self) -> None:
        """Remove the copy of a URL, where all that is in it is by now."""
        if self.remote is not None:
            shutil.rmtree(self.path, ignore_errors=True)

    def fetch(self) -> None:
        """Have the last checkpoint of a URL on this machine, which another one's process has chosen.

        Raises:
            DataError: it can't be read.
        """
        if self.remote is not None:
            self.remote.fetch(with_notes=False)

    def release(self) -> None:
        """Let other processes use the folder."""
        self.lock.release()

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            reason = one_line(getattr(error, "strerror", None) or str(error))
            raise ConfigError(
                f"can't use out_dir {str(self.path)!r} ({reason})", "set another out_dir"
            ) from error

    def _require_unused(self) -> None:
        """A run that ended before its first checkpoint may begin again: nothing that it made is lost."""
        self._require_no_run()
        names = {path.name for path in self.path.iterdir()} - {LOCK_NAME}
        if names and not self._began_the_same(names):
            raise TrainingError(
                f"{self.path} is not empty ({', '.join(sorted(names)[:5])})", "set another out_dir"
            )

    def _require_no_run(self) -> None:
        if self.holds_run():
            raise TrainingError(
                f"{self} already holds a run", "continue it with --resume, or set another out_dir"
            )

    def _began_the_same(self, names: set[str]) -> bool:
        if not (self.lock.path.exists() and names <= OWN_NAMES):
            return False
        try:
            return not changed_keys(self._stored_config(), self.experiment.model_dump(mode="json"))
        except CheckpointError:
            return False

    def holds_run(self) -> bool:
        """Whether there is a checkpoint to go on from.

        Raises:
            DataError: the URL can't be read.
        """
        if self.remote is not None:
            return self.remote.last() is not None
        return (self.checkpoints / LAST_NAME).exists() or bool(self._step_folders())

    def _step_folders(self) -> list[Path]:
        return sorted(path for path in self.checkpoints.glob(STEP_FOLDERS) if path.is_dir())

    def resume_point(self, allowed: Sequence[str] = ()) -> Path:
        """Claim the folder for going on with its run, and keep it until `release`.

        Args:
            allowed: keys of the config that may differ from those that the run was made with.

        Returns:
            the last whole checkpoint with its state.

        Raises:
            CheckpointError: there is no run here, or its last checkpoint is broken.
            ConfigError: the run was made with another config.
            TrainingError: another process trains in the folder.
        """
        if (self.remote is None and not self.path.is_dir()) or not self.holds_run():
            raise CheckpointError(f"nothing to resume in {self}", "leave --resume out to start a run")
        with self._usable(), made_folder(self.path):
            self.lock.acquire()
        try:
            if self.remote is not None:
                self.remote.fetch()
            changes = changed_keys(self._stored_config(), self.experiment.model_dump(mode="json"))
            require_exact(changes, self.experiment, allowed)
            folder = self._last_checkpoint()
        except Exception:
            self.lock.release()
            raise
        if changes:
            _log.info("the config changed: %s", described(changes))
        write_json(self.checkpoints / LAST_NAME, {"folder": folder.name})
        return folder

    def require_data(self, fingerprint: str | None, allowed: Sequence[str] = ()) -> None:
        """Make sure that a run goes on with the data that it began with.

        Args:
            fingerprint: of the present data; None where nothing tells data apart.
            allowed: as of `resume_point`; with `data.cuts` other data are taken, and noted.

        Raises:
            ConfigError: the data have changed.
            CheckpointError: the note of the former data is broken.
        """
        note = self.path / DATA_NAME
        former = read_json(note).get("sha256") if note.exists() else fingerprint  # earlier runs have none
        if former != fingerprint and not any(covers(prefix, DATA_KEY) for prefix in allowed):
            raise ConfigError(
                f"the cuts of {self.experiment.data.cuts} have changed since the run began",
                f"restore the manifest, or go on with other data by --allow-change {DATA_KEY}",
            )
        self._note_data(fingerprint)

    def _note_data(self, fingerprint: str | None) -> None:
        if fingerprint is not None:
            write_json(self.path / DATA_NAME, {"sha256": fingerprint})

    def _last_checkpoint(self) -> Path:
        """The folder that `last.json` names, checked; where it names none, the newest one that is whole."""
        named = self._named_last()
        if named is not None:
            require_unchanged(named)
            return named
        for folder in reversed(self._step_folders()):
            try:
                require_unchanged(folder)
            except CheckpointError as error:
                _log.warning("%s", error)
                continue
            _log.warning("%s names no checkpoint; going on from %s", self.checkpoints / LAST_NAME, folder)
            return folder
        raise CheckpointError(f"no checkpoint in {self.checkpoints} is whole", "start a new run")

    def _named_last(self) -> Path | None:
        try:
            name = str(read_json(self.checkpoints / LAST_NAME).get("folder"))
        except CheckpointError:
            return None
        folder = self.checkpoints / Path(name).name
        return folder if folder.is_dir() else None

    def _stored_config(self) -> dict[str, Any]:
        """The run's config; keys that there were not yet when it was written have their defaults."""
        tree = read_json(self.path / CONFIG_NAME)
        try:
            return type(self.experiment).model_validate(tree).model_dump(mode="json")
        except ValidationError:  # a key that is no more: then it is another config
            return tree

    def rewind(self, step: int) -> None:
        """Make the folder that of a run at `step`, with the present config."""
        write_json(self.path / CONFIG_NAME, self.experiment.model_dump(mode="json"))
        path = self.path / METRICS_NAME
        if not path.exists():
            return
        rows, broken = read_metrics(path)
        if broken:
            _log.warning("%s: %d lines are not metrics and are left out", path, broken)
        write_text(path, "".join(f"{json.dumps(row)}\n" for row in rows if row["step"] <= step))

    def log(self, row: dict[str, Any]) -> None:
        """Add one line to the metrics.

        Raises:
            TrainingError: the file can't be written.
        """
        path = self.path / METRICS_NAME
        try:
            with path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(row) + "\n")
        except OSError as error:
            raise TrainingError(
                f"can't write {path} ({error.strerror})", "make room, and use --resume"
            ) from error

    @contextmanager
    def new_checkpoint(self, name: str) -> Iterator[Path]:
        """Yield a temporary folder that becomes `checkpoints/<name>`, the last one, when the block ends."""
        temporary = self.temporary(name)
        yield temporary
        write_checksums(temporary)
        publish_folder(temporary, self.checkpoints / name)
        write_json(self.checkpoints / LAST_NAME, {"folder": name})
        if self.remote is not None:
            self.remote.send(name)

    def temporary(self, name: str) -> Path:
        """The folder in which checkpoint `name` is put together; made if it is not there."""
        folder = self.checkpoints / f".{name}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def discard(self, name: str) -> None:
        """Remove what was written of a checkpoint that can't be finished."""
        shutil.rmtree(self.checkpoints / f".{name}", ignore_errors=True)
        with suppress(OSError):
            self.checkpoints.rmdir()  # where it was the first

    def prune(self, progress: Progress) -> None:
        """Keep the last `keep_last` checkpoints whole and the best without their state.

        Those of later steps, which a run that was resumed earlier comes to again, are not counted.

        Raises:
            OSError, DataError: a file can't be removed.
        """
        for name in self._outdated((path.name for path in self._step_folders()), progress):
            folder = self.checkpoints / name
            if name in progress.best:
                shutil.rmtree(folder / STATE_NAME, ignore_errors=True)
                (folder / CHECKSUMS_NAME).unlink(missing_ok=True)
            else:
                shutil.rmtree(folder)
        for leftover in self.checkpoints.glob(f".{STEP_FOLDERS}"):  # of a run that was killed while it saved
            shutil.rmtree(leftover)
        if self.remote is not None:
            self.remote.prune(self._outdated(self.remote.checkpoints(), progress), progress.best)
            self.remote.send_notes()

    def _outdated(self, names: Iterable[str], progress: Progress) -> list[str]:
        """Of checkpoints, those before the last `keep_last`."""
        until = sorted(name for name in names if name <= checkpoint_name(progress.step))
        return until[: -self.experiment.train.keep_last]


def read_progress(folder: Path) -> Progress:
    """How far a checkpoint is.

    Raises:
        CheckpointError: its file is missing or broken.
    """
    path = folder / PROGRESS_NAME
    try:
        progress = Progress.model_validate(read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise CheckpointError(f"{path} has no usable {key or 'values'}", "restore the file") from error
    if folder.name != checkpoint_name(progress.step):
        raise CheckpointError(f"{path} is of step {progress.step}, not of {folder.name}", "restore the file")
    return progress


def read_metrics(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The rows of a metrics file, and how many of its lines are none."""
    rows, broken = [], 0
    for line in path.read_bytes().splitlines():
        try:
            row = json.loads(line)
            if not isinstance(row["step"], int):
                raise TypeError
            rows.append(row)
        except (ValueError, KeyError, TypeError):
            broken += 1
    return rows, broken


def ranked_best(best: dict[str, float], name: str, value: float, keep: int) -> dict[str, float]:
    """`best` with one more checkpoint, cut to the `keep` lowest values; ties keep the earlier one."""
    ranked = sorted({**best, name: value}.items(), key=lambda item: item[1])
    return dict(ranked[:keep])
