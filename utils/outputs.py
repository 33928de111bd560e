"""The one check that every verb makes before it writes: what is read, or not the verb's own, stays."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from hiervox.utils.errors import ConfigError
from hiervox.utils.files import require_name, require_working_directory, require_writable
from hiervox.utils.placing import claim, give_up_claim
from hiervox.utils.uploads import is_at_url

Input = Path | str | None
_NAME_ANOTHER = "choose another name"


def check_outputs(
    files: Iterable[Path | None],
    overwrite: bool | None = None,
    *,
    inputs: Iterable[Input] = (),
    folders: Iterable[Path] = (),
    is_own: Callable[[Path], bool] | None = None,
) -> None:
    """Refuse outputs that can't or must not be written, before any work is done.

    Files are compared by their paths with all links followed, and by inode, so that a link, a hard link, `..`
    and, where the file system ignores it, the case of a name make no difference.

    Names that are free are claimed: should somebody else make such a file or folder while the work is done,
    it stays, and placing the result there fails, see `utils/placing.py`.

    Args:
        files: to be written; None for one that was not asked for.
        overwrite: whether existing files may be replaced; None where the verb has no such option.
        inputs: files that are read, and folders all of whose files are; never replaced, whatever `overwrite`
            says. They are looked at only where an output exists already.
        folders: to be made as a whole; each must be new or empty, or be replaced with `overwrite`.
        is_own: whether an existing file is of an earlier run of the same verb, which replaces it or goes on
            with it without `overwrite`.

    Raises:
        ConfigError: a folder's name, a device, pipe or socket, an existing file without `overwrite`, two
            outputs of one path, an output that is an input, or a place where files can't be made; or as
            `require_working_directory`.
    """
    require_working_directory()
    outputs = [file for file in files if file is not None]
    made = list(folders)
    for path in (*outputs, *made):
        _check_name(path)
    _check_distinct([*outputs, *made])
    for file in outputs:
        _check_kind(file)
    _check_inputs(outputs, made, inputs)
    existing = {file for file in outputs if _exists(file)}
    for file in outputs:
        if file in existing and not overwrite and not (is_own is not None and is_own(file)):
            raise ConfigError(f"{file} exists", _or_overwrite(_NAME_ANOTHER, overwrite))
    for folder in made:
        _check_new(folder, overwrite)
    known: dict[str, list[str]] = {}
    for path in (*outputs, *made) if not overwrite else ():
        if is_at_url(path, known):
            raise ConfigError(f"{path} exists", _or_overwrite(_NAME_ANOTHER, overwrite))
    _check_places({file.parent for file in (*outputs, *made)})
    for path in (*outputs, *made):
        if overwrite or path in existing:
            give_up_claim(path)
        else:
            claim(path, _or_overwrite(_NAME_ANOTHER, overwrite), is_own)


def _check_name(path: Path) -> None:
    try:
        require_name(path)
    except OSError as error:
        raise ConfigError(f"can't write {path} ({error.strerror})", _NAME_ANOTHER) from error


def _or_overwrite(hint: str, overwrite: bool | None) -> str:
    return hint if overwrite is None else f"{hint}, or add --overwrite"


def _check_distinct(outputs: Sequence[Path]) -> None:
    written: set[object] = set()
    for file in outputs:
        identity = _identity(file)
        if identity in written:
            raise ConfigError(f"{file} is written twice", "give the outputs different names")
        written.add(identity)
    paths = {_resolved(file) for file in outputs}
    for file in outputs:
        for folder in Path(_resolved(file)).parents:
            if str(folder) in paths:
                raise ConfigError(f"{folder} is written as a file and as a folder", "give another name")


def _check_kind(file: Path) -> None:
    """An output that exists can be replaced, and its name is not one that the system gives an open file."""
    place = os.path.realpath(file.parent)
    if file.is_symlink() and (place == "/dev" or place.startswith("/proc/")):  # such as /dev/stdout
        raise ConfigError(f"{file} is a device, pipe or socket, not a file", _NAME_ANOTHER)
    try:
        mode = os.stat(_resolved(file)).st_mode
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ConfigError(f"{file} leads to a link to itself", _NAME_ANOTHER) from error
        return
    if stat.S_ISDIR(mode):
        raise ConfigError(f"{file} is a folder", _NAME_ANOTHER)
    if not stat.S_ISREG(mode):
        raise ConfigError(f"{file} is a device, pipe or socket, not a file", _NAME_ANOTHER)


def _check_inputs(files: Sequence[Path], folders: Sequence[Path], inputs: Iterable[Input]) -> None:
    """No output is an input, or a folder that holds one."""
    written = {_identity(file): file for file in files if _exists(file)}
    replaced = [folder for folder in folders if folder.is_dir() and any(folder.iterdir())]
    written |= {_identity(inner): folder for folder in replaced for inner in _files_below(folder)}
    if not written:
        return
    for path in inputs:
        for file in () if path is None else _files_below(Path(path)):
            output = None
            with suppress(OSError, ValueError):  # a name that no file can have; reading it says so
                output = written.get(_identity(file))
            if output is None:
                continue
            if output in replaced:
                raise ConfigError(f"{output} holds {file}, which is read", "choose another folder")
            raise ConfigError(f"{output} is read as an input", "give the output another name")


def _files_below(path: Path) -> Iterator[Path]:
    """A file itself, or all files of a folder; folders behind links are looked into once."""
    seen: set[object] = set()
    left = [path]
    while left:
        place = left.pop()
        if not place.is_dir():
            yield place
        elif (identity := _identity(place)) not in seen:
            seen.add(identity)
            with suppress(PermissionError):  # what can't be listed can't be read as a folder either
                left.extend(place.iterdir())


def _check_new(folder: Path, overwrite: bool | None) -> None:
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise ConfigError(f"{folder} is not a folder", "choose another folder")
    if any(folder.iterdir()) and not overwrite:
        raise ConfigError(f"{folder} is not empty", _or_overwrite("choose another folder", overwrite))


def _check_places(folders: Iterable[Path]) -> None:
    for folder in folders:
        try:
            require_writable(folder)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise ConfigError(f"can't write into {folder} ({why})", "choose another place") from error


def _resolved(path: Path) -> str:
    """The whole path without links and `..`, whether or not there is such a file.

    Raises:
        ValueError: it holds a NUL.
    """
    return os.path.realpath(path)


def _exists(path: Path) -> bool:
    """Whether there is a file, or a link of this name; also where a folder before `..` is not there yet."""
    return os.path.lexists(path) or os.path.exists(_resolved(path))


def _identity(path: Path) -> object:
    """What is the same for all names of one file, and differs for any two files."""
    resolved = _resolved(path)
    try:
        status = os.stat(resolved)
    except OSError:  # not there yet
        return resolved.casefold() if ignores_case(Path(resolved)) else resolved
    return status.st_dev, status.st_ino


def ignores_case(path: Path) -> bool:
    """Whether names that differ in case alone are of one file where `path` is or will be."""
    for place in (path, *path.parents):
        swapped = place.with_name(place.name.swapcase())
        if place.exists() and swapped != place:
            with_both = {place.name, swapped.name} <= set(os.listdir(place.parent))
            return not with_both and swapped.exists() and swapped.samefile(place)
    return False
