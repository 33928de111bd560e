"""Finished files and folders take their names; a name that was free when it was checked only if it still is.

`check_outputs` claims the names that it finds free, for the thread that asks. Whatever function writes them
comes here at its end, so that of several processes with one name exactly one wins.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hiervox.utils.errors import ConfigError

_NO_HARD_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK, errno.EINVAL)
"""What file systems without hard links say, such as FAT and some network and FUSE ones."""
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)
"""What renaming a folder says where something else has the name."""


@dataclass(frozen=True)
class _Claim:
    """A name that was free.

    Attributes:
        hint: what to do where it no longer is.
        is_own: whether a file that has appeared there may be replaced all the same.
    """

    hint: str
    is_own: Callable[[Path], bool] | None


class _Claims(threading.local):
    """Of one thread, which both checks its outputs and writes them."""

    def __init__(self) -> None:
        self.by_path: dict[str, _Claim] = {}


_claims = _Claims()


def claim(path: Path, hint: str, is_own: Callable[[Path], bool] | None = None) -> None:
    """Note that a name was free; see `_Claim`."""
    _claims.by_path[os.path.realpath(path)] = _Claim(hint, is_own)


def give_up_claim(path: Path) -> None:
    """Forget that a name was free: what has it now may be replaced."""
    _claims.by_path.pop(os.path.realpath(path), None)


def _claim_on(path: Path) -> _Claim | None:
    return _claims.by_path.get(os.path.realpath(path))


def require_still_free(path: Path) -> None:
    """Give up a claim where a file has appeared that may be replaced all the same.

    Raises:
        ConfigError: the name was claimed, and something else has it by now.
    """
    claimed = _claim_on(path)
    if claimed is not None and os.path.lexists(path):
        if claimed.is_own is None or not claimed.is_own(path):
            raise _taken(path, claimed)
        give_up_claim(path)


def place(temporary: Path, path: Path) -> bool:
    """Give a finished file its final name, in one step.

    Returns:
        Whether the name was claimed, so that nobody else's file was replaced.

    Raises:
        ConfigError: as `require_still_free`.
    """
    require_still_free(path)
    claimed = _claim_on(path)
    if claimed is None:
        temporary.replace(path)
        return False
    try:
        _rename_newly(temporary, path)
    except FileExistsError as error:
        raise _taken(path, claimed) from error
    give_up_claim(path)
    return True


def _rename_newly(temporary: Path, path: Path) -> None:
    """Rename a file unless there is one of the new name.

    Raises:
        FileExistsError: there is.
    """
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
    else:
        temporary.unlink()
        return
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))  # it is empty for an instant
    try:
        temporary.replace(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def place_folder(temporary: Path, final: Path) -> None:
    """Give a finished folder its final name; one that has the name is replaced, unless the name was claimed.

    Raises:
        ConfigError: the name was claimed, and by now something has it that is not an empty folder.
    """
    claimed = _claim_on(final)
    if claimed is None and final.exists():
        shutil.rmtree(final)
    try:
        temporary.rename(final)  # over an empty folder, but no other
    except OSError as error:
        if claimed is None or error.errno not in _TAKEN:
            raise
        raise _taken(final, claimed) from error
    give_up_claim(final)


def take_away(path: Path, status: os.stat_result) -> None:
    """Remove a file that was placed, if what has its name still is that file."""
    with suppress(OSError):
        if os.path.samestat(path.lstat(), status):
            path.unlink()


def _taken(path: Path, claimed: _Claim) -> ConfigError:
    return ConfigError(f"{path} was made by another program meanwhile", claimed.hint)
