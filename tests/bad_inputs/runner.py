"""Runs `hiervox` on bad inputs, in this process."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from hiervox.bins.app import main
from hiervox.utils.logging import get_logger
from tests.bad_inputs.cases import BadInput

FOLDER = "folder"
LARGEST = 10_000_000  # bytes; a larger file is compared by its size


@dataclass(frozen=True)
class Outcome:
    """What a command did.

    Attributes:
        code: its exit status; None where it ended without one.
        line: what it wrote to stderr.
        changed: files that were made, changed or removed.
    """

    code: object
    line: str
    changed: tuple[str, ...]


def run(case: BadInput, world: Path) -> Outcome:
    """Run one case with `world` as the working folder."""
    before = _snapshot(world)
    stderr = io.StringIO()
    code: object = None
    with ExitStack() as stack:
        stack.enter_context(_inside(world))
        stack.enter_context(mock.patch.dict(os.environ, {"HIERVOX_HOME": str(world / "home")}))
        stack.enter_context(mock.patch.object(sys, "argv", ["hiervox", *case.arguments]))
        stack.enter_context(redirect_stdout(io.StringIO()))
        stack.enter_context(redirect_stderr(stderr))
        # what is said of a bad input, not that something was compiled for the first time
        stack.enter_context(mock.patch.object(get_logger("cli").parent, "level", logging.WARNING))
        circumstance = case.circumstance() if case.circumstance else nullcontext()
        stack.enter_context(circumstance)  # type: ignore[arg-type]
        try:
            main()
        except SystemExit as stop:
            code = stop.code
    after = _snapshot(world)
    for name in sorted(after.keys() - before.keys(), reverse=True):  # the next case starts afresh
        (world / name).rmdir() if after[name] == FOLDER else (world / name).unlink()
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return Outcome(code, stderr.getvalue(), tuple(changed))


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    outside = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(outside)


def _snapshot(world: Path) -> dict[str, str]:
    contents = {}
    for path in world.rglob("*"):
        name = str(path.relative_to(world))
        if path.is_dir():
            contents[name] = FOLDER
        elif path.stat().st_size > LARGEST:
            contents[name] = str(path.stat().st_size)
        else:
            contents[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return contents
