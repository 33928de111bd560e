"""What the command line makes of its process and its arguments before a verb runs."""

from __future__ import annotations

import os
import re
import signal
import stat
import sys
import tempfile
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path

from hiervox.utils.host import user
from hiervox.utils.litter import temporary_folder

TERMINATED = 143
NUMBA_CACHE = "NUMBA_CACHE_DIR"


def prepare_process() -> None:
    """Let odd names be printed, let a polite end clean up, and give numba a place to write."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a C locale knows ASCII alone
            stream.reconfigure(errors="backslashreplace")
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _end)
    if NUMBA_CACHE not in os.environ and not _home_takes_files():
        os.environ[NUMBA_CACHE] = str(_private_folder(f"hiervox-numba-{user()}"))


def _end(number: int, frame: object) -> None:
    """End by an exception, so that what is half-written goes."""
    sys.exit(TERMINATED)


def _home_takes_files() -> bool:
    """Whether numba, which looks at `~/.cache/numba`, can make files there."""
    try:
        place = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    except RuntimeError:
        return False
    existing = next((folder for folder in (place, *place.parents) if folder.exists()), Path("/"))
    return os.access(existing, os.W_OK)


def _private_folder(name: str) -> Path:
    """A folder among the system's temporary ones that is this user's alone: numba unpickles what it finds."""
    folder = Path(tempfile.gettempdir()) / name
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if stat.S_ISDIR(status.st_mode) and _is_own(status):
            return folder
    except OSError:
        pass
    return temporary_folder()


def _is_own(status: os.stat_result) -> bool:
    """Whether nobody else can write there; on Windows the temporary folder itself is the user's own."""
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o077)


def expand_home(arguments: Sequence[str]) -> list[str]:
    """Arguments with `~/` for the user's home, also behind `--option=`, where a shell leaves it."""
    return [_expanded(argument) for argument in arguments]


def _expanded(argument: str) -> str:
    option, equals, value = argument.partition("=") if argument.startswith("--") else ("", "", argument)
    if not value.startswith("~/"):
        return argument
    return f"{option}{equals}{os.path.expanduser(value)}"


def name_options(message: str, arguments: Sequence[str]) -> str:
    """A message that begins with a control's name, with the option that set it instead."""
    for argument in arguments:
        option = argument.partition("=")[0]
        if option.startswith("--") and len(option) > 3:
            name = re.escape(option[2:].replace("-", "_"))
            message = re.sub(rf"^(no )?{name}(?= (?:can't be|-?[0-9.]))", rf"\1{option}", message)
    return message
