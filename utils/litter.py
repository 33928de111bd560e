"""Temporary files named after the process that made them, so that what a killed one left can be removed."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import zlib
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

PREFIX = ".hiervox-"


def own_prefix() -> str:
    """How names of this process's temporary files begin: they tell its machine and its id."""
    return f"{PREFIX}{_machine()}-{os.getpid()}-"


@lru_cache(maxsize=1)
def _machine() -> str:
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


@lru_cache(maxsize=256)
def sweep(folder: Path) -> None:
    """Remove what dead processes of this machine have left in a folder; a folder is looked at once."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name.startswith(f"{PREFIX}{_machine()}-") and not _maker_is_alive(path.name):
                _remove(path)


def _maker_is_alive(name: str) -> bool:
    import psutil

    try:
        return psutil.pid_exists(int(name.split("-")[2]))
    except (ValueError, OverflowError):  # no name of ours
        return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def temporary_folder() -> Path:
    """A new folder in the system's place for such; `sweep` of that place is done first.

    Who makes it removes it; where a crash prevents that, the next process does.
    """
    place = Path(tempfile.gettempdir())
    sweep(place)
    return Path(tempfile.mkdtemp(prefix=own_prefix(), dir=place))
