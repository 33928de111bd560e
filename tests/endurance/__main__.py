"""Every verb over and over: `python -m tests.endurance --minutes 30`.

A process for each verb runs it again and again at test size, one verb after the other or `--jobs` side by
side, and notes memory and open files after each time. Prints a row for each verb: the means of the first and
of the last quarter, after warming up. Fails where a verb fails, or grows.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Annotated, cast

import numpy as np
import typer

from hiervox.utils.host import resident_bytes
from tests.endurance.verbs import ONCE, TRIES, clear, world

WARM_SHARE = 0.1
"""Of the time, after which samples count: allocators and caches have reached their size."""
MOST_GROWTH = 1.05
MOST_FILES = 4
"""Further open files in the last quarter."""
LOG_EVERY = 60.0
"""Seconds between two lines of a worker's log."""


@dataclass(frozen=True)
class Sample:
    """After one run of a verb.

    Attributes:
        seconds: since the first.
        memory: bytes that the process holds.
        files: that it has open.
        failure: what went wrong; empty where nothing did.
    """

    seconds: float
    memory: int
    files: int
    failure: str = ""


def open_files() -> int:
    """Of this process (Linux)."""
    return len(os.listdir("/proc/self/fd")) - 1


def endure(name: str, minutes: float) -> list[Sample]:
    """Run a verb again and again."""
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as place:
        os.environ["HIERVOX_HOME"] = str(place / "out" / "home")
        out = place / "out"
        out.mkdir()
        begun, now, logged = time.monotonic(), 0.0, 0.0
        while now < 60 * minutes:
            if name in ONCE or name == "voice add":
                clear(out)
            result = TRIES[name].run(out)
            failure = "" if result.exit_code == 0 else f"{result.exception!r} {result.output[-300:]}"
            gc.collect()
            now = time.monotonic() - begun
            samples.append(Sample(now, resident_bytes(), open_files(), failure))
            if now >= logged:
                typer.echo(json.dumps(asdict(samples[-1])), err=True)
                logged += LOG_EVERY
            if failure:
                break
    return samples


@dataclass(frozen=True)
class Row:
    """Of a verb's samples: means of the first and the last quarter after warming up."""

    name: str
    runs: int
    memory: tuple[float, float]
    files: tuple[float, float]
    failure: str

    @classmethod
    def of(cls, name: str, samples: list[Sample]) -> Row:
        """What samples show."""
        whole = samples[-1].seconds
        warm = [sample for sample in samples if sample.seconds >= WARM_SHARE * whole]
        quarter = max(1, len(warm) // 4)
        ends = warm[:quarter], warm[-quarter:]
        first, last = (float(np.mean([sample.memory for sample in end])) for end in ends)
        opened, left = (float(np.mean([sample.files for sample in end])) for end in ends)
        return cls(name, len(samples), (first, last), (opened, left), samples[-1].failure)

    @property
    def fault(self) -> str:
        """What is wrong; empty where nothing is."""
        if self.failure:
            return self.failure
        if self.memory[1] > MOST_GROWTH * self.memory[0]:
            return f"memory grew by {self.memory[1] / self.memory[0] - 1:.1%}"
        return "open files grew" if self.files[1] > self.files[0] + MOST_FILES else ""

    def __str__(self) -> str:
        """As a row of a Markdown table."""
        first, last = (f"{size / 1e6:.1f}" for size in self.memory)
        files = f"{self.files[0]:.0f}, {self.files[1]:.0f}"
        growth = f"{self.memory[1] / self.memory[0] - 1:+.1%}"
        return f"| `{self.name}` | {self.runs:,} | {first} | {last} | {growth} | {files} |"


def work(name: str, minutes: float, place: Path) -> None:
    """`endure` in a process of its own, whose samples and log go to `place`."""
    with (place / f"{name}.log").open("wb") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    samples = [asdict(sample) for sample in endure(name, minutes)]
    (place / f"{name}.json").write_text(json.dumps(samples))


def in_turn(names: Sequence[str], minutes: float, place: Path, jobs: int) -> Iterator[tuple[str, int | None]]:
    """`work` of each verb, so many at once; each with its exit code when it has ended."""
    forking = get_context("fork")  # what all import is imported once
    waiting, running = deque(names), dict[int, tuple[str, ForkProcess]]()
    while waiting or running:
        while waiting and len(running) < jobs:
            name = waiting.popleft()
            worker = forking.Process(target=work, args=(name, minutes, place))
            worker.start()
            running[worker.sentinel] = name, worker
        for sentinel in wait(list(running)):
            name, worker = running.pop(cast(int, sentinel))
            worker.join()
            yield name, worker.exitcode


def main(
    minutes: Annotated[float, typer.Option(help="Of each verb.")] = 30.0,
    jobs: Annotated[int, typer.Option(min=1, help="Verbs side by side.")] = 1,
    verbs: Annotated[str, typer.Option(help="Which, by commas; all without.")] = "",
    logs: Annotated[Path | None, typer.Option(help="Folder for samples and a log of each verb.")] = None,
) -> None:
    """Print a Markdown table; exit 1 where anything failed or grew."""
    names = [name.strip() for name in verbs.split(",") if name.strip()] or list(TRIES)
    if unknown := set(names) - set(TRIES):
        raise typer.BadParameter(f"no verb {', '.join(sorted(unknown))}: known are {', '.join(TRIES)}")
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        place = logs or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        typer.echo("| verb | runs | first quarter (MB) | last quarter (MB) | growth | open files |")
        typer.echo("|---|---|---|---|---|---|")
        for name, code in in_turn(names, minutes, place, jobs):
            if code:
                faults.append(f"{name}: ended with {code}")
                continue
            samples = json.loads((place / f"{name}.json").read_text())
            row = Row.of(name, [Sample(**sample) for sample in samples])
            typer.echo(str(row))
            if row.fault:
                faults.append(f"{name}: {row.fault}")
    for fault in faults:
        typer.echo(fault, err=True)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    typer.run(main)
