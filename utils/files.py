"""Writing files so that a crash leaves either the old one or the new one."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it takes `path`'s place when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
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
def all_or_nothing(folder: Path, last: str) -> Iterator[Path]:
    """Yield an empty folder; the files written there move into `folder` when the block ends without an error.

    Args:
        folder: it is made where it is not there, and taken away again where the block fails.
        last: name of the file that moves last: where it is, all are.
    """
    made = _missing_folders(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".hiervox-", dir=folder) as name:
            stage = Path(name)
            yield stage
            files = sorted(stage.iterdir(), key=lambda file: (file.name == last, file.name))
            for file in files:
                _synchronise(file)
            for file in files:
                file.replace(folder / file.name)
    except BaseException:
        for empty in made:
            with suppress(OSError):
                empty.rmdir()
        raise


def require_writable(folder: Path) -> None:
    """Try whether files can be made in `folder`, which need not be there yet; nothing is left behind.

    Raises:
        OSError: they can't; it names the folder.
    """
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


def give_default_mode(path: Path) -> None:
    """Give a file that was made private the mode that a new file has by the user's umask."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(0o666 & ~umask)


def write_text(path: Path, text: str) -> None:
    """Replace `path` by `text` (UTF-8) in one step."""
    with replacing_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


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
