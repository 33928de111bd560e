"""Repeated runs of computations in turn, and their medians.

Two sides that are compared run alternately, so that a machine whose speed drifts slows both. Beside the time
that one waits stands the processor time, which other programs on the machine disturb less.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Run = Callable[[], Any]


@dataclass(frozen=True)
class Timing:
    """Seconds of the repeats of one computation.

    Attributes:
        wall: that one waits.
        processor: of all threads together.
    """

    wall: tuple[float, ...]
    processor: tuple[float, ...]

    def median(self, clock: str = "processor") -> float:
        """The median of `wall` or `processor`."""
        return statistics.median(getattr(self, clock))

    def spread(self, clock: str = "processor") -> tuple[float, float]:
        """Least and most."""
        seconds = getattr(self, clock)
        return min(seconds), max(seconds)


def measure(
    runs: Mapping[str, Run], repeats: int, warmup: int = 1, synchronize: Callable[[], object] | None = None
) -> dict[str, Timing]:
    """Run each computation `repeats` times, in turn.

    Args:
        runs: by name.
        repeats: counted runs of each.
        warmup: runs of each before, which are not counted.
        synchronize: waits for a device to finish, such as `torch.cuda.synchronize`.
    """
    wait = synchronize or _nothing
    for _ in range(warmup):
        for run in runs.values():
            run()
    wait()
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            begun = time.perf_counter(), time.process_time()
            run()
            wait()
            seconds[name].append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
    return {name: Timing(*zip(*taken, strict=True)) for name, taken in seconds.items()}


def _nothing() -> None:
    return None


def ratios(slow: Timing, fast: Timing, clock: str = "processor") -> tuple[float, float, float]:
    """How many times faster `fast` is, run by run: least, median, most."""
    pairs: Sequence[tuple[float, float]] = list(zip(getattr(slow, clock), getattr(fast, clock), strict=True))
    each = [one / other for one, other in pairs]
    return min(each), statistics.median(each), max(each)
