"""Copies of folders on object storage, made when they are asked for, and no more of them than agreed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from hiervox.utils.checksums import file_digest
from hiervox.utils.errors import ConfigError, DataError
from hiervox.utils.json_files import read_json
from hiervox.utils.litter import own_prefix, sweep
from hiervox.utils.logging import get_logger
from hiervox.utils.storage import Storage, Stored, hiervox_home

CHECKSUMS_NAME = "checksums.json"
"""In a folder: SHA-256 of its files, by their names."""
SIZE_VARIABLE, DEFAULT_GIGABYTES = "HIERVOX_CACHE_GB", 50.0
"""What all copies together may hold, in 10⁹ bytes."""
IN_USE_SECONDS = 3600
"""A copy that was asked for so lately stays, whatever it takes."""

_log = get_logger("storage")


def fetched_folder(url: str, wanted: Callable[[Storage, Mapping[str, Stored]], set[str]]) -> Path:
    """The copy on this machine of files below a URL; one that is there is used while the files stay the same.

    Every file is as long as the storage says, and where a folder among them has a `checksums.json`, what it
    lists is what it lists.

    Args:
        url: of the folder.
        wanted: the storage and all files below → those to copy.

    Raises:
        DataError: they can't be read, or are damaged.
        ConfigError: they don't fit into what the copies may hold, or can't be written.
    """
    storage = Storage(url)
    found = storage.files()
    files = {name: found[name] for name in sorted(wanted(storage, found))}
    key = hashlib.sha256(
        json.dumps([str(storage), [(name, *vars(file).values()) for name, file in files.items()]]).encode()
    ).hexdigest()[:16]
    home = hiervox_home() / "fetched"
    folder = home / key
    try:
        if not folder.is_dir():
            home.mkdir(parents=True, exist_ok=True)
            sweep(home)
            _make_room(home, sum(file.bytes for file in files.values()), str(storage))
            _fetch(storage, files, folder)
        os.utime(folder)
    except OSError as error:
        raise ConfigError(
            f"can't write {folder} ({error.strerror})", "set HIERVOX_HOME to another place"
        ) from error
    return folder


def _fetch(storage: Storage, files: Mapping[str, Stored], folder: Path) -> None:
    """Copy files into a new folder, which appears once all are there; the first of several processes wins."""
    size = sum(file.bytes for file in files.values())
    _log.info("fetching %d files of %s (%.3g MB)", len(files), storage, size / 1e6)
    temporary = Path(tempfile.mkdtemp(prefix=own_prefix(), dir=folder.parent))
    try:
        for name in files:
            place = temporary / _inside(name, storage)
            place.parent.mkdir(parents=True, exist_ok=True)
            storage.fetch(name, place)
        for listed in sorted(temporary.rglob(CHECKSUMS_NAME)):
            require_checksums(listed, storage.path(listed.parent.relative_to(temporary).as_posix()))
        if not folder.is_dir():
            temporary.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _inside(name: str, storage: Storage) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise DataError(f"{storage} has a file {name!r}, which lies outside of it", "remove the file")
    return path


def require_checksums(listed: Path, place: str) -> None:
    """Compare the files beside a `checksums.json` with it; those that were not copied are left out.

    Args:
        listed: the file.
        place: what messages call its folder.

    Raises:
        DataError: a file is damaged.
    """
    sums = read_json(listed)
    for name, expected in sums.items() if isinstance(sums, dict) else ():
        path = listed.parent / str(name)
        if path.is_file() and file_digest(path) != expected:
            raise DataError(f"{place}/{name} is damaged: its checksum differs", "restore it")


def _make_room(home: Path, size: int, url: str) -> None:
    """Remove the copies that were not asked for the longest until `size` more bytes fit."""
    most = _most_bytes()
    if size > most:
        raise ConfigError(
            f"{url} has {size / 1e9:.3g} GB, and copies may take {most / 1e9:g}", f"raise {SIZE_VARIABLE}"
        )
    copies = [path for path in home.iterdir() if path.is_dir() and not path.name.startswith(".")]
    sizes = {path: sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) for path in copies}
    total = sum(sizes.values())
    for path in sorted(sizes, key=lambda path: path.stat().st_mtime):
        if total + size <= most or time.time() - path.stat().st_mtime < IN_USE_SECONDS:
            break
        shutil.rmtree(path, ignore_errors=True)
        total -= sizes[path]


def _most_bytes() -> float:
    given = os.environ.get(SIZE_VARIABLE) or str(DEFAULT_GIGABYTES)
    try:
        return float(given) * 1e9
    except ValueError as error:
        raise ConfigError(
            f"{SIZE_VARIABLE} is {given!r}, not a number of GB", "correct or unset it"
        ) from error
