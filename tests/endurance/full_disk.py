"""Every verb with an output on a full disk: `python -m tests.endurance.full_disk SMALL_DISK`.

`SMALL_DISK` is the folder of a small file system of its own, such as that of
`mount -t tmpfs -o size=4m tmpfs SMALL_DISK`. It is filled up to some bytes, and each verb writes there. What
it says must be one line that names a file or a folder, and nothing may be left but what can be gone on with.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.app import ENVIRONMENT_ERRORS
from hiervox.utils.errors import HierVoxError
from tests.endurance.verbs import TRIES, Try, clear, world

FREE = (0, 4096, 16_384, 65_536, 262_144)
"""Bytes, in turn."""
FILLER = "filler"
GONE_ON_WITH = ("scores/", "features/", "run/")
"""Of `evaluate`, `extract` and `train`, which keep what is whole."""


def fill(disk: Path, free: int) -> None:
    """Leave so many bytes of a disk free, to the page."""
    with (disk / FILLER).open("wb", buffering=0) as file:
        block = bytes(65_536)
        try:
            while True:
                file.write(block)
        except OSError:
            pass
        file.truncate(max(0, file.tell() - free))


def faults(name: str, tried: Try, out: Path, free: int) -> Iterator[str]:
    """What is wrong with a verb on a disk with so many bytes free; nothing where it has enough."""
    clear(out)
    fill(out, free)
    result = tried.run(out)
    error = result.exception
    if result.exit_code == 0:
        return
    expected = isinstance(error, HierVoxError) or (
        isinstance(error, OSError) and error.errno in ENVIRONMENT_ERRORS
    )
    if not expected:
        yield f"traceback: {error!r}"
    elif isinstance(error, OSError) and not (error.filename and str(out) in str(error.filename)):
        yield f"names nothing, or what nobody gave: {error!r} {error.filename}"
    elif "No space left" not in str(error):
        yield f"another reason: {error}"
    elif ".hiervox-" in str(error):
        yield f"names a temporary file: {error}"
    left = [str(path.relative_to(out)) for path in out.rglob("*") if path.name != FILLER and path.is_file()]
    if lost := [file for file in left if not file.startswith(GONE_ON_WITH)]:
        yield f"left: {lost}"
    folders = [str(path.relative_to(out)) for path in out.rglob("*") if path.is_dir()]
    if empty := [folder for folder in folders if not any((out / folder).iterdir())]:
        yield f"left empty: {empty}"


def main(
    disk: Annotated[Path, typer.Argument(help="Of a small file system.")],
    verbs: Annotated[str, typer.Option(help="Which, by commas; all without.")] = "",
) -> None:
    """Print each try and what is wrong with it; exit 1 where anything is."""
    disk = disk.resolve()
    if os.stat(disk).st_dev == os.stat(disk.parent).st_dev:
        raise typer.BadParameter(f"{disk} is no file system of its own")
    names = [name.strip() for name in verbs.split(",") if name.strip()]
    tries = wrong = full = 0
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)):
        os.environ["HIERVOX_HOME"] = str(disk / "home")
        for name, tried in TRIES.items():
            if not tried.writes or (names and name not in names):
                continue
            for free in FREE:
                found = list(faults(name, tried, disk, free))
                tries, wrong = tries + 1, wrong + bool(found)
                for fault in found:
                    typer.echo(f"{name}, {free} bytes free: {fault}")
            full += 1
    clear(disk)
    typer.echo(f"{full} verbs, {tries} tries, {wrong} with faults")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    typer.run(main)
