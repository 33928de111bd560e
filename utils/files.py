"""Writing files so that a crash leaves either the old one or the new one."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hiervox.utils.errors import ConfigError
from hiervox.utils.litter import own_prefix, sweep
from hiervox.utils.placing import place, place_folder, require_still_free, take_away

MOST_NAME_BYTES, MOST_PATH_BYTES = 255, 4095
"""Of Linux's file systems."""


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it takes `path`'s place when the block ends without an error.

    Raises:
        OSError: a full disk and the like; it names `path`.
        ConfigError: as `place`.
    """
    with naming(path), made_folder(path.parent) as folder:
        handle, name = tempfile.mkstemp(prefix=own_prefix(), suffix=path.suffix, dir=folder)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            _synchronise(temporary)
            give_default_mode(temporary)  # mkstemp makes the file private
            place(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def made_folder(folder: Path) -> Iterator[Path]:
    """Make a folder where there is none, free of what dead processes left; it goes where the block fails."""
    made = missing_folders(folder)
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

    Raises:
        ConfigError: as `place`; of several processes that write the same files, one moves all of its own, and
            the others none.
    """
    with made_folder(folder), tempfile.TemporaryDirectory(prefix=own_prefix(), dir=folder) as name:
        stage = Path(name)
        with _named_as(stage, folder):
            yield stage
        files = sorted(stage.iterdir(), key=lambda file: (file.name == last, file.name))
        for file in files:
            _synchronise(file)
        _place_all(files, folder)


def _place_all(files: Sequence[Path], folder: Path) -> None:
    """Move files into a folder, in order; where one can't be, those that nobody had before go again."""
    for file in files:
        require_still_free(folder / file.name)  # before any moves, as files may tell whose the others are
    new: list[tuple[Path, os.stat_result]] = []
    try:
        for file in files:
            target, status = folder / file.name, file.lstat()
            with naming(target):
                if place(file, target):
                    new.append((target, status))
    except BaseException:
        for target, status in new:
            take_away(target, status)
        raise


@contextmanager
def undone_on_failure() -> Iterator[Callable[[Path, Callable[[Path], None]], None]]:
    """Yield what writes a file; where the block fails, the files go again that were not there before.

    For files of several folders, or of which there are too many to wait for each other.
    """
    new: list[tuple[Path, os.stat_result]] = []
    made: dict[Path, None] = {}

    def write(path: Path, writer: Callable[[Path], None]) -> None:
        missing, existed = missing_folders(path.parent), os.path.lexists(path)
        writer(path)
        made.update(dict.fromkeys(missing))
        if not existed:
            new.append((path, path.lstat()))

    try:
        yield write
    except BaseException:
        for path, status in new:
            take_away(path, status)
        for folder in sorted(made, key=lambda folder: -len(folder.parts)):
            with suppress(OSError):
                folder.rmdir()
        raise


@contextmanager
def whole_folder(final: Path) -> Iterator[Path]:
    """Yield an empty folder; it becomes `final`, by `publish_folder`, when the block ends without an error.

    Raises:
        OSError: a full disk and the like; it names `final` or what would be in it.
        ConfigError: as `place_folder`.
    """
    with (
        made_folder(final.parent) as parent,
        naming(final),
        tempfile.TemporaryDirectory(prefix=own_prefix(), dir=parent) as name,
    ):
        stage = Path(name) / final.name  # with the mode of any new folder
        with _named_as(stage, final):
            stage.mkdir()
            yield stage
            publish_folder(stage, final)


@contextmanager
def _named_as(stage: Path, final: Path) -> Iterator[None]:
    """Errors of the file system name a file by where it would have come to."""
    try:
        yield
    except OSError as error:
        file = Path(error.filename) if isinstance(error.filename, str) else final
        if not file.is_relative_to(stage):
            raise
        raise OSError(error.errno, error.strerror, str(final / file.relative_to(stage))) from error


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

    It is not made for the try, as other processes that begin at the same time would meet it coming and going.

    Raises:
        OSError: they can't; it names the folder.
    """
    require_name(folder)
    try:
        missing = missing_folders(folder)
        if blocked := [path for path in missing if path.is_symlink()]:
            raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), str(blocked[0]))  # it leads nowhere
        if not missing and not folder.is_dir():
            raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder))
        place = missing[-1].parent if missing else folder
        if missing:
            os.rmdir(tempfile.mkdtemp(prefix=own_prefix(), dir=place))
        else:
            with tempfile.TemporaryFile(dir=place):
                pass
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error


def missing_folders(folder: Path) -> list[Path]:
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
    """Give a finished folder its final name, as `place_folder`.

    Every file is flushed to the disk first, so that the name never points to a half-written folder.
    """
    for file in sorted(temporary.rglob("*")):
        if file.is_file():
            _synchronise(file)
    place_folder(temporary, final)


def _synchronise(file: Path) -> None:
    with file.open("r+b") as stream:  # Windows flushes only what is open for writing
        os.fsync(stream.fileno())
