"""Plot how far speech in few solver steps is from speech in many: log-mel distance, and cost.

For every system of text to speech with a control `steps`, and each of its solvers where it has `solver`. All
starts from the same noise, so that the distance is the solver's error and not the network's.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, get_args

import torch
from torch import Tensor

from hiervox.models.base.pipelines.controls import Controls, controls_of, make_controls
from hiervox.models.base.pipelines.loading import find_system, load
from hiervox.processors.audio import resample
from hiervox.processors.mel_presets import BIGVGAN_24K
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.device import choose_device
from hiervox.utils.errors import ConfigError, HierVoxError
from hiervox.utils.files import write_text
from hiervox.utils.plots import COLOURS, empty_figure, save_figure

STEPS = (1, 2, 4, 8, 16, 32, 64)
REFERENCE = 256
SOLVER = "solver"

Speak = Callable[[dict[str, str]], Sequence[Tensor]]
"""Controls to log-mels (bins, frames), one a sentence."""


class Point(NamedTuple):
    """One solver with one number of steps: mean absolute difference of log-mels, processor seconds."""

    solver: str
    steps: int
    mel_distance: float
    processor_seconds: float


def solvers_of(schema: type[Controls]) -> tuple[str, ...]:
    """The values of `solver`, its default first; an empty one where there is no such control.

    Raises:
        ConfigError: the system has no `steps`.
    """
    if "steps" not in schema.model_fields:
        raise ConfigError("the system has no control steps", "name one that solves an equation")
    if SOLVER not in schema.model_fields:
        return ("",)
    field = schema.model_fields[SOLVER]
    return tuple(sorted(get_args(field.annotation), key=lambda name: name != field.default))


def distance(some: Sequence[Tensor], others: Sequence[Tensor]) -> float:
    """Mean over sentences; what one of two is longer by does not count."""
    differences = []
    for one, other in zip(some, others, strict=True):
        frames = min(one.shape[-1], other.shape[-1])
        differences.append((one[..., :frames] - other[..., :frames]).abs().mean())
    return float(torch.stack(differences).mean())


def measure(speak: Speak, solvers: Sequence[str], steps: Sequence[int], reference: int) -> list[Point]:
    """Every solver with every number of steps, against the last solver with `reference` steps."""

    def controls(solver: str, number: int) -> dict[str, str]:
        return {"steps": str(number), **({SOLVER: solver} if solver else {})}

    best, points = speak(controls(solvers[-1], reference)), []
    for solver in solvers:
        for number in steps:
            begin = time.process_time()
            spoken = speak(controls(solver, number))
            took = time.process_time() - begin
            points.append(Point(solver, number, distance(spoken, best), took))
    return points


def table(points: Sequence[Point]) -> str:
    """As CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Point._fields)
    writer.writerows((one.solver, one.steps, f"{one[2]:.4f}", f"{one[3]:.2f}") for one in points)
    return text.getvalue()


def plot(points: Sequence[Point], path: Path) -> None:
    """Draw distance over steps, as SVG."""
    figure = empty_figure(6, 3.5, layout="constrained")
    axes = figure.add_subplot()
    axes.set_prop_cycle(color=COLOURS)
    for solver in dict.fromkeys(one.solver for one in points):
        own = [one for one in points if one.solver == solver]
        axes.plot(
            [one.steps for one in own], [one.mel_distance for one in own], "o-", label=solver or "steps"
        )
    axes.set(xscale="log", yscale="log", xlabel="steps", ylabel="log-mel distance from many steps")
    axes.legend()
    axes.grid(alpha=0.3)
    save_figure(figure, path)


def main() -> None:
    """Parse, measure, write `solver_error.csv` and `solver_error.svg`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--prompt", default=None, help="recording or voice to speak in")
    parser.add_argument("--text", nargs="+", required=True, help="sentences")
    parser.add_argument("--steps", type=int, nargs="+", default=STEPS)
    parser.add_argument(
        "--reference", type=int, default=REFERENCE, help="steps that the others are compared with"
    )
    parser.add_argument("--seed", default="1234")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="auto")
    given = parser.parse_args()
    schema = controls_of(find_system(given.model, "tts")[0])
    if schema is None:
        raise ConfigError(f"{given.model} has no controls", "name a system that solves an equation")
    solvers = solvers_of(schema)
    pipeline = load(given.model, "tts", str(choose_device(given.device)))

    def speak(own: dict[str, str]) -> list[Tensor]:
        controls = make_controls(schema, {"seed": given.seed, **own})
        mels = []
        for text in given.text:
            speech = pipeline.tts(text, given.prompt, controls)
            wav = resample(speech.wav, speech.rate, BIGVGAN_24K.sample_rate)
            mels.append(log_mel(torch.from_numpy(wav)[None], BIGVGAN_24K)[0])
        return mels

    points = measure(speak, solvers, given.steps, given.reference)
    given.out.mkdir(parents=True, exist_ok=True)
    write_text(given.out / "solver_error.csv", table(points))
    plot(points, given.out / "solver_error.svg")
    sys.stdout.write(table(points))


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"solver_error.py: {error}")
