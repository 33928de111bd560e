"""Steps of diffusion against quality: how far generated log-mels are from recordings', and at what cost."""

from __future__ import annotations

import argparse
import csv
import io
import sys
import time
from pathlib import Path
from typing import NamedTuple

import torch

from hiervox.models.base.training.sampling import SamplingCase, sampling_case
from hiervox.modules.diffusion.process import NoiseSchedule
from hiervox.utils.device import choose_device
from hiervox.utils.files import write_text
from hiervox.utils.plots import COLOURS, empty_figure, save_figure

STEPS = (1, 2, 3, 6, 12, 25, 50, 100, 1000)


class Point(NamedTuple):
    """One schedule: which kind, its steps, the distance of its log-mels, processor seconds to a second."""

    schedule: str
    steps: int
    mel_distance: float
    processor_rtf: float


def measure(case: SamplingCase, schedule: NoiseSchedule, kind: str, seconds: float, seed: int = 0) -> Point:
    """Generate with a schedule, and compare."""
    begin = time.process_time()
    with torch.inference_mode():
        distance = case.score(schedule, seed)
    return Point(kind, len(schedule), distance, (time.process_time() - begin) / seconds)


def found_schedules(model: object) -> list[NoiseSchedule]:
    """Those that `hiervox schedule` left in a `model` section, of a vocoder or of text to speech."""
    betas = getattr(model, "schedules", None) or [getattr(model, "sampling_betas", ())]
    return [NoiseSchedule(one) for one in betas if one]


def points(folder: Path, cuts: Path, items: int, steps: list[int], device: str) -> list[Point]:
    """All schedules of a model: the training one respaced, and those that were found."""
    task, case = sampling_case(folder, cuts, items, choose_device(device))
    seconds = float(case.frames.sum()) * case.mel.hop_length / case.mel.sample_rate
    numbers = [number for number in steps if number <= len(case.training)]
    return [
        *(measure(case, case.training.respaced(number), "respaced", seconds) for number in numbers),
        *(measure(case, one, "found", seconds) for one in found_schedules(task.config.model)),
    ]


def table(rows: list[Point]) -> str:
    """As CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Point._fields)
    writer.writerows((kind, steps, f"{far:.4f}", f"{rtf:.3f}") for kind, steps, far, rtf in rows)
    return text.getvalue()


def plot(rows: list[Point], path: Path) -> None:
    """Draw distance over steps, as SVG."""
    figure = empty_figure(6, 3.5, layout="constrained")
    axes = figure.add_subplot()
    axes.set_prop_cycle(color=COLOURS)
    for kind, style in (("respaced", "o-"), ("found", "s")):
        own = [row for row in rows if row.schedule == kind]
        axes.plot([row.steps for row in own], [row.mel_distance for row in own], style, label=kind)
    axes.set(xscale="log", xlabel="steps", ylabel="log-mel distance (lower is better)")
    axes.legend()
    axes.grid(alpha=0.3)
    save_figure(figure, path)


def main() -> None:
    """Parse, measure, write `steps.csv` and `steps.svg`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="checkpoint or run folder")
    parser.add_argument("--cuts", type=Path, required=True, help="feature folder whose dev set is generated")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--items", type=int, default=4, help="utterances")
    parser.add_argument("--steps", type=int, nargs="+", default=STEPS)
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    rows = points(arguments.model, arguments.cuts, arguments.items, list(arguments.steps), arguments.device)
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_text(arguments.out / "steps.csv", table(rows))
    plot(rows, arguments.out / "steps.svg")
    sys.stdout.write(table(rows))


if __name__ == "__main__":
    main()
