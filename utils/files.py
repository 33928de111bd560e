"""Writing files so that a crash leaves either the old one or the new one."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hiervox.utils.errors import ConfigError
from hiervox.utils.litter import own_prefix, sweep

MOST_NAME_BYTES, MOST_PATH_BYTES = 255, 4095
"""Of Linux's file systems."""


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it takes `path`'s place when the block ends without an error.

    Raises:
        OSError: a full disk and the like; it names `path`.
    """
    with naming(path), _made_folder(path.parent) as folder:
        handle, name = tempfile.mkstemp(prefix=own_prefix(), suffix=path.suffix, dir=folder)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            _synchronise(temporary)
            give_default_mode(temporary)  # mkstemp makes the file private
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def _made_folder(folder: Path) -> Iterator[Path]:
    """Make a folder where there is none, free of what dead processes left; it goes where the block fails."""
    made = _missing_folders(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        yield folder
    except BaseException:
        for empty in made:
            with suppress(OSError):
                empty.rmdir()
        raise


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Errors of the file system name `path` where they name no file, or one that nobody has heard of."""
    try:
        yield
    except OSError as error:
        own = isinstance(error.filename, str) and Path(error.filename).name.startswith(own_prefix())
        if error.errno is None or not (error.filename is None or own):
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error


@contextmanager
def all_or_nothing(folder: Path, last: str) -> Iterator[Path]:
    """Yield an empty folder; the files written there move into `folder` when the block ends without an error.

    Args:
        folder: it is made where it is not there, and taken away again where the block fails.
        last: name of the file that moves last: where it is, all are.
    """
    with _made_folder(folder), tempfile.TemporaryDirectory(prefix=own_prefix(), dir=folder) as name:
        stage = Path(name)
        try:
            yield stage
        except OSError as error:
            if (named := _named_inside(error, stage)) is not None:
                raise OSError(error.errno, error.strerror, str(folder / named)) from error
            raise
        files = sorted(stage.iterdir(), key=lambda file: (file.name == last, file.name))
        for file in files:
            _synchronise(file)
        for file in files:
            with naming(folder / file.name):
                file.replace(folder / file.name)


def _named_inside(error: OSError, folder: Path) -> Path | None:
    """The file that an error names, relative to a folder that it lies in."""
    if not isinstance(error.filename, str):
        return None
    file = Path(error.filename)
    return file.relative_to(folder) if file.is_relative_to(folder) else None


def require_working_directory() -> None:
    """Refuse a working directory that was removed: relative paths mean nothing, and torch can't be loaded.

    Raises:
        ConfigError: it is no more.
    """
    try:
        os.getcwd()
    except FileNotFoundError as error:
        raise ConfigError("the working directory is no more", "change to one that is there") from error


def require_writable(folder: Path) -> None:
    """Try whether files can be made in `folder`, which need not be there yet; nothing is left behind.

    Raises:
        OSError: they can't; it names the folder.
    """
    require_name(folder)
    made = _missing_folders(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error
    finally:
        for empty in made:
            with suppress(OSError):
                empty.rmdir()


def _missing_folders(folder: Path) -> list[Path]:
    """`folder` and its parents that are not there, the innermost first."""
    return [path for path in (folder, *folder.parents) if not path.exists()]


def is_file(path: Path) -> bool:
    """Whether there is a file of that name; False, too, for names that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, a loop of links; a NUL
        return False


def require_name(path: Path) -> None:
    """Refuse a path that no file can have, before any work is done for it.

    Raises:
        OSError: a part of it has over 255 bytes, all of it over 4,095, or it holds a NUL.
    """
    if "\0" in str(path):
        raise OSError(errno.EINVAL, "a path holds no NUL", str(path))
    too_long = any(len(os.fsencode(part)) > MOST_NAME_BYTES for part in path.parts)
    if too_long or len(os.fsencode(path.absolute())) > MOST_PATH_BYTES:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), str(path))


def give_default_mode(path: Path) -> None:
    """Give a file that was made private the mode that a new file has by the user's umask."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(0o666 & ~umask)


def write_text(path: Path, text: str) -> None:
    """Replace `path` by `text` (UTF-8) in one step; half characters, as of odd file names, are escaped."""
    with replacing_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_json(path: Path, tree: Any) -> None:
    """Replace `path` by `tree` as indented JSON in one step."""
    write_text(path, json.dumps(tree, indent=2, ensure_ascii=False) + "\n")


def publish_folder(temporary: Path, final: Path) -> None:
    """Give a finished folder its final name; a folder that already has the name is replaced.

    Every file is flushed to the disk first, so that the name never points to a half-written folder.
    """
    for file in sorted(temporary.rglob("*")):
        if file.is_file():
            _synchronise(file)
    if final.exists():
        shutil.rmtree(final)
    temporary.rename(final)


def _synchronise(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
