"""One process at a time in a run folder."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from filelock import lock_descriptor

from hiervox.utils.errors import TrainingError
from hiervox.utils.json_files import parse_json, read_json
from hiervox.utils.outputs import check_outputs

LOCK_NAME = "run.lock"
FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)

_open_files: set[int] = set()


def _close_in_child() -> None:
    """A data-loading process must not keep the lock of a parent that was killed."""
    for descriptor in _open_files:
        with suppress(OSError):
            os.close(descriptor)
    _open_files.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)


def is_lock(file: Path) -> bool:
    """Whether a file is of a lock, which may just be being written."""
    try:
        text = file.read_text(encoding="utf-8")
        return not text or {"pid", "host"} == set(parse_json(text))
    except PermissionError:  # on Windows nobody else reads what is locked
        return True
    except (OSError, ValueError, TypeError, RecursionError):
        return False


class RunLock:
    """A lock on a run folder that ends with the process that holds it.

    Args:
        folder: of the run; it must be there when the lock is acquired.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOCK_NAME
        self._descriptor: int | None = None

    def acquire(self, inputs: Iterable[Path] = ()) -> None:
        """Take the lock, unless this object has it.

        Args:
            inputs: what the run reads.

        Raises:
            ConfigError: its file is an input, or no lock.
            TrainingError: another process has it; it names the process and its host.
        """
        if self._descriptor is not None:
            return
        check_outputs([self.path], inputs=inputs, is_own=is_lock)
        while not self._is_at_path(descriptor := self._locked()):  # whoever had it has taken its file away
            os.close(descriptor)
        self._descriptor = descriptor
        _open_files.add(descriptor)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode())

    def _locked(self) -> int:
        """A descriptor of the file, locked."""
        descriptor = os.open(self.path, FLAGS, 0o666)
        if not lock_descriptor(descriptor, blocking=False):
            os.close(descriptor)
            raise TrainingError(
                f"{self.path.parent} is being trained by {self._holder()}", "wait for it, or stop it first"
            )
        return descriptor

    def _is_at_path(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self.path.lstat())
        except FileNotFoundError:
            return False

    @property
    def is_held(self) -> bool:
        """Whether this object has the lock."""
        return self._descriptor is not None

    def release(self) -> None:
        """Give the lock back; nothing where it is not held."""
        if self._descriptor is not None:
            _open_files.discard(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _holder(self) -> str:
        try:
            tree = read_json(self.path)
            return f"process {tree['pid']} on {tree['host']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"
