"""Budgets of time: what a mark is in seconds, and what a network gets of what is left of it."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from hiervox.models.base.training.run_folder import BUDGET_NAME, read_metrics
from hiervox.utils.errors import ConfigError, DataError, HierVoxError

UNITS = {"m": 60, "h": 3600}
_MARK = re.compile(r"(cpu|gpu):(\d+(?:\.\d+)?)([mh])")
LEAST_SECONDS = 10
"""Of a network's training; less is no training."""


def seconds_of(mark: str) -> float:
    """The seconds of a mark such as `cpu:2.5h` or `gpu:10m`.

    Raises:
        ConfigError: it is none.
    """
    found = _MARK.fullmatch(mark)
    if not found or not float(found[2]):
        raise ConfigError(f"{mark!r} is not a budget", "write cpu:1h, cpu:2.5h, gpu:10m")
    return float(found[2]) * UNITS[found[3]]


def noted(path: Path) -> dict[str, float]:
    """Seconds of the commands that `spend.py` ran, by name; one that was interrupted counts, too.

    Raises:
        DataError: a line is no note.
    """
    found: dict[str, float] = {}
    if path.is_file():
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            try:
                row = json.loads(line)
                name, seconds = str(row["name"]), float(row["seconds"])
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise DataError(f"line {number} of {path} is not a note", "remove the line") from error
            found[name] = found.get(name, 0.0) + seconds
    return found


def trained(runs: Path) -> dict[str, float]:
    """Seconds of each network's training so far."""
    found = {}
    for path in sorted(runs.glob(f"*/{BUDGET_NAME}")):
        rows, _ = read_metrics(path)
        found[path.parent.name] = max((float(row["seconds"]) for row in rows), default=0.0)
    return found


def charges(given: Sequence[str]) -> dict[str, float]:
    """Name → seconds of NAME=SECONDS."""
    return {name: float(seconds) for name, _, seconds in (one.partition("=") for one in given)}


def spent(notes: Sequence[Path], runs: Path, charged: Sequence[str]) -> dict[str, float]:
    """Everything that a system has cost, by name."""
    return (
        charges(charged) | {name: own for note in notes for name, own in noted(note).items()} | trained(runs)
    )


def share_of_rest(mark: str, share: float, part: str, used: dict[str, float], runs: Path) -> float:
    """The seconds of a network: a share of what the others left; a run that has begun keeps its own.

    Raises:
        ConfigError: next to nothing is left.
    """
    config = runs / part / "config.json"
    if config.is_file():
        begun: float = json.loads(config.read_text(encoding="utf-8"))["train"]["budget_seconds"]
        return begun
    rest = seconds_of(mark) - sum(seconds for name, seconds in used.items() if name != part)
    if share * rest < LEAST_SECONDS:
        before = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in used.items())
        raise ConfigError(
            f"{mark} leaves {max(rest, 0):.0f} s for {part} (spent: {before})", "take a larger budget"
        )
    return round(share * rest, 1)


def main() -> None:
    """Parse and print seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("seconds", "left"))
    parser.add_argument("--mark", required=True, help="cpu:1h, gpu:10m, …")
    parser.add_argument("--share", type=float, default=1.0, help="of what is left")
    parser.add_argument("--part", default="", help="the network that gets it")
    parser.add_argument("--runs", type=Path, default=Path())
    parser.add_argument("--notes", type=Path, nargs="*", default=[])
    parser.add_argument("--charged", nargs="*", default=[], metavar="NAME=SECONDS")
    arguments = parser.parse_args()
    if arguments.what == "seconds":
        found = seconds_of(arguments.mark)
    else:
        used = spent(arguments.notes, arguments.runs, arguments.charged)
        found = share_of_rest(arguments.mark, arguments.share, arguments.part, used, arguments.runs)
    sys.stdout.write(f"{found:g}\n")


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        print(f"budget.py: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
