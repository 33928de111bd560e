"""Tries one reader in a process of its own, which a try may take down: `python -m tests.fuzz.worker`."""

from __future__ import annotations

import argparse
import json
import logging
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from hiervox.utils.errors import HierVoxError
from hiervox.utils.logging import get_logger
from tests.fuzz.target import Target
from tests.fuzz.targets import targets

MEMORY_BYTES = 8 << 30
LONGEST_LINE = 2000
CURRENT = "current"


class TooLong(BaseException):
    """A try takes more than `TRY_SECONDS`."""


TRY_SECONDS = 20


def main() -> int:
    """Try until the time is over; one JSON line with the counts at the end."""
    arguments = _parser().parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.signal(signal.SIGALRM, _too_long)
    get_logger("fuzz").parent.setLevel(logging.CRITICAL)  # type: ignore[union-attr]
    counts = {"tries": 0, "read": 0, "refused": 0, "broken": 0}
    with tempfile.TemporaryDirectory() as folder:
        target = next(each for each in targets(Path(folder)) if each.name == arguments.target)
        rng = random.Random(arguments.seed)
        end = time.monotonic() + arguments.seconds
        while time.monotonic() < end:
            outcome = _try(target, rng, arguments.folder)
            counts["tries"] += 1
            counts[outcome] += 1
    sys.stdout.write(json.dumps(counts) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--folder", type=Path, required=True)
    return parser


def _too_long(number: int, frame: object) -> None:
    raise TooLong


def _try(target: Target, rng: random.Random, folder: Path) -> str:
    path = folder / f"{CURRENT}{target.suffix}"
    path.write_bytes(target.content(rng))
    signal.alarm(TRY_SECONDS)
    try:
        target.read(path)
    except HierVoxError as error:
        if "\n" not in str(error) and len(str(error)) < LONGEST_LINE:
            return "refused"
        _keep(path, target, "a message of more than a line")
        return "broken"
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:
        _keep(path, target, traceback.format_exc())
        return "broken"
    finally:
        signal.alarm(0)
    return "read"


def _keep(path: Path, target: Target, reason: str) -> None:
    number = len(list(path.parent.glob("broken_*.txt")))
    name = f"broken_{number:03d}_{target.name.replace(' ', '_')}"
    path.rename(path.with_name(f"{name}{target.suffix}"))
    path.with_name(f"{name}.txt").write_text(reason)


if __name__ == "__main__":
    sys.exit(main())
