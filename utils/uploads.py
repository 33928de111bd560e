"""Outputs at URLs: they are made in a folder of this machine, and copied when all of them are there."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from hiervox.utils.errors import ConfigError, DataError, HierVoxError
from hiervox.utils.launch import process_of_launch
from hiervox.utils.logging import get_logger
from hiervox.utils.storage import Storage, hiervox_home

_folders: dict[Path, Storage] = {}
"""Folder of this machine → where its files go."""
_log = get_logger("storage")


@contextmanager
def uploaded(urls: Iterable[str]) -> Iterator[dict[str, Path]]:
    """Yield where outputs at URLs are made; they are copied when the block ends without an error.

    What stands beside an output, such as the record of a sound, goes beside its URL. Files are copied in the
    order in which they were finished; where that fails, those that were copied are removed. What a block that
    failed has made stays on this machine for the next one with the same URL.

    Args:
        urls: of files or folders.

    Raises:
        ConfigError: a URL names no file in a bucket, another process writes to it, or this is one of several
            processes.
        DataError: the files can't be copied.
    """
    with ExitStack() as stack:
        yield {url: stack.enter_context(_uploaded(url)) for url in dict.fromkeys(urls)}


@contextmanager
def _uploaded(url: str) -> Iterator[Path]:
    parent, _, name = url.rstrip("/").rpartition("/")
    if parent.endswith((":", "/")) or not name:
        raise ConfigError(f"{url} names no file or folder", "name one, as in s3://bucket/name")
    if process_of_launch()[1] > 1:
        raise ConfigError(
            f"{url} would be written by several processes", "name a folder that all of them see"
        )
    home = hiervox_home().absolute() / "outputs"
    folder = home / hashlib.sha256(url.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home / f"{folder.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConfigError(f"another process writes {url}", "wait for it, or name another") from error
    _folders[folder] = Storage(parent)
    try:
        with _named(folder, parent):
            yield folder / name
        _send(folder, _folders[folder])
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        del _folders[folder]
        if not any(path.is_file() for path in folder.rglob("*")):
            shutil.rmtree(folder, ignore_errors=True)
        lock.release()


@contextmanager
def _named(folder: Path, url: str) -> Iterator[None]:
    """Errors name a file by the URL that it would have had."""
    try:
        yield
    except HierVoxError as error:
        if str(folder) not in str(error):
            raise
        problem, hint = (text.replace(str(folder), url) for text in (error.problem, error.hint))
        raise type(error)(problem, hint) from error
    except OSError as error:
        if isinstance(error.filename, str):
            error.filename = error.filename.replace(str(folder), url)
        raise


def _send(folder: Path, storage: Storage) -> None:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name[0] != "."]
    sent: list[str] = []
    try:
        for file in sorted(files, key=lambda file: (file.stat().st_ctime_ns, file)):
            sent.append(file.relative_to(folder).as_posix())
            storage.write(sent[-1], file)
    except DataError as error:
        for name in sent:
            with suppress(HierVoxError):
                Storage(storage.root, tries=1).remove(name)
        raise DataError(error.problem, f"what was made is in {folder}; copy it, or run it again") from error
    _log.info("copied %d files to %s", len(files), storage)


def storage_of(path: Path) -> tuple[Storage, str] | None:
    """Where an output goes that is made on this machine, and its name there; None of any other path."""
    for folder, storage in _folders.items():
        if path.is_relative_to(folder):
            return storage, path.relative_to(folder).as_posix()
    return None


def is_at_url(path: Path, known: dict[str, list[str]]) -> bool:
    """Whether there is such an output, or anything in a folder of that name, where it goes.

    Args:
        path: of an output.
        known: what was listed already, by folder; it is added to.

    Raises:
        DataError: nothing can be told.
    """
    if (place := storage_of(path)) is None:
        return False
    storage, name = place
    folder, _, file = storage.path(name).rpartition("/")
    if folder not in known:
        known[folder] = Storage(folder).names()
    return file in known[folder]


def named(text: str) -> str:
    """A text with the URLs of outputs in place of where they are made."""
    for folder, storage in _folders.items():
        text = text.replace(str(folder), str(storage))
    return text
