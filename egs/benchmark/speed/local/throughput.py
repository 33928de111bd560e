"""Plot how many seconds of sound a network makes in a second, against its batch and the length of an item."""

from __future__ import annotations

import argparse
import sys
from itertools import product
from pathlib import Path

from hiervox.models.base.benchmark.networks import OURS, Result, Setting, Size, time_workload
from hiervox.models.base.benchmark.report import document
from hiervox.utils.errors import HierVoxError
from hiervox.utils.files import write_json
from hiervox.utils.plots import save_figure, throughput_figure

WORKLOADS = (("speechsr", "speechsr24"), ("hifigan", "v1"))


def throughput(result: Result) -> float:
    """Seconds of sound made in a second, on a CPU in one of the processor's time."""
    size, clock = result.setting.size, "processor" if result.gpu is None else "wall"
    return size.seconds * size.batch / result.timings[OURS].median(clock)


def main() -> None:
    """Parse, time and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--seconds", type=float, nargs="+", default=[1.0, 4.0])
    parser.add_argument("--workloads", nargs="+", default=[f"{system}/{name}" for system, name in WORKLOADS])
    parser.add_argument("--threads", type=int, default=1, help="of torch, on a CPU")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, required=True, help="folder for throughput.svg and .json")
    arguments = parser.parse_args()
    results: list[Result] = []
    curves: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for workload in arguments.workloads:
        system, _, name = workload.partition("/")
        for seconds, batch in product(arguments.seconds, arguments.batches):
            setting = Setting(
                Size(seconds, batch), arguments.device, arguments.threads, repeats=arguments.repeats
            )
            results.append(time_workload(system, name, setting))
            curve = curves.setdefault(workload, {}).setdefault(f"{seconds:g} s", [])
            curve.append((batch, throughput(results[-1])))
    arguments.out.mkdir(parents=True, exist_ok=True)
    save_figure(throughput_figure(curves), arguments.out / "throughput.svg")
    write_json(arguments.out / "throughput.json", document(results, " ".join(sys.argv)))


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"throughput.py: {error}")
