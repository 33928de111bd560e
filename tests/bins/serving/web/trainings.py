"""Ends the trainings that a test of the page began, also where the test itself was killed.

A training of the page is meant to go on without it. So a process of its own waits for the end of its standard
input, which is that of the test, and ends what the folder of trainings still names.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def ended_with_test(folder: Path) -> Iterator[None]:
    """End trainings when the block ends, or this process.

    Args:
        folder: that of all trainings; it may not be there yet.
    """
    command = [sys.executable, __file__, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True):
        yield  # at the end its input is closed, and it is waited for


def is_of(folder: Path, process: int) -> bool:
    """Whether a process is there that was started for a folder; its number may be another's by now."""
    try:
        return str(folder).encode() in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def main(folder: Path) -> None:
    """Wait, and end them."""
    sys.stdin.read()
    for file in folder.glob("*/process.json"):
        process = int(json.loads(file.read_text())["pid"])
        if is_of(file.parent, process):
            with suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
