"""Write RESULTS.md: one table of what `hiervox evaluate` found and of what each model costs."""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

import torch

from hiervox.evaluation.table import GROUND_TRUTH
from hiervox.models.base.checkpoints.checkpoint import (
    WEIGHTS_NAME,
    find_checkpoint,
    load_weights,
    read_json,
)
from hiervox.models.base.pipelines.bundle import is_checkpoint, parts_of
from hiervox.models.base.training.run_folder import PROGRESS_NAME
from hiervox.utils.files import write_text

sys.path.insert(0, str(Path(__file__).parent))
from figures import FIGURES

COSTS = ("RTF ↓", "parameters (M)", "steps", "training (min)")
OWN_VOICE = "*"


def parameters_of(model: Path) -> float:
    """Millions of weights and buffers of a checkpoint, or of all networks of a bundle."""
    folders = [model] if is_checkpoint(model) else [part.folder for part in parts_of(model)]
    files = [find_checkpoint(folder) / WEIGHTS_NAME for folder in folders]
    return sum(tensor.numel() for file in files for tensor in load_weights(file).values()) / 1e6


def steps_of(runs: Path) -> str:
    """Of the optimizer, one number where all networks have as many; empty where nothing was trained."""
    found = {
        run.name: int(read_json(find_checkpoint(run) / PROGRESS_NAME)["step"])
        for run in sorted(runs.glob("*"))
        if run.is_dir()
    }
    if len(set(found.values())) <= 1:
        return "".join(str(steps) for steps in set(found.values()))
    return ", ".join(f"{name} {steps}" for name, steps in found.items())


def training_minutes(notes: Path) -> float | None:
    """Of the processor, as the shell's `times` prints it, `1m2.5s 0m0.3s`; None where nothing was trained."""
    if not notes.is_file():
        return None
    found = re.findall(r"(\d+)m([\d.]+)s", notes.read_text(encoding="utf-8"))
    return sum(int(minutes) + float(seconds) / 60 for minutes, seconds in found)


def real_time_factor(speed: dict[str, float]) -> float:
    """Seconds of the processor to a second of speech, over the whole list."""
    return speed["work"] / speed["speech"]


def evaluated(summary: dict[str, Any], system: str) -> list[str]:
    """The cells of `FIGURES`."""
    figures = summary["systems"][system]["figures"]
    found = {name: figures.get(name) for name in FIGURES}
    return [
        f"{factor * found[name]['value']:.{digits}f}" if found[name] else "n/a"
        for name, (_, factor, digits) in FIGURES.items()
    ]


def row(cells: list[str]) -> str:
    """A line of a table."""
    return "| " + " | ".join(cells) + " |"


def table(arguments: argparse.Namespace) -> list[str]:
    """One line a system; recordings and their resynthesis first."""
    summary = read_json(arguments.exp / "evaluation" / "summary.json")
    header = ["system", *(title for title, _, _ in FIGURES.values()), *COSTS]
    lines = [row(header), "|" + "---|" * len(header)]
    references = [name for name in (GROUND_TRUTH, "resynthesis") if name in summary["systems"]]
    lines += [row([name, *evaluated(summary, name), *[""] * len(COSTS)]) for name in references]
    for name, folder, voice in arguments.system:
        factor = real_time_factor(read_json(arguments.exp / "wavs" / name / "speed.json"))
        own = arguments.exp / name
        minutes = training_minutes(own / "seconds.txt") if (own / "runs").is_dir() else None
        costs = [
            f"{factor:.2f}",
            f"{parameters_of(Path(folder)):.2f}",
            steps_of(arguments.exp / name / "runs"),
        ]
        trained = "given" if minutes is None else f"{minutes:.1f}"
        mark = "" if voice == "prompt" else OWN_VOICE
        lines.append(row([name + mark, *evaluated(summary, name), *costs, trained]))
    return lines


def report(arguments: argparse.Namespace) -> str:
    """The whole page."""
    detail = (arguments.exp / "evaluation" / "summary.md").read_text(encoding="utf-8")
    budget = f"corpus {arguments.corpus}, at most {arguments.steps} optimizer steps of every network"
    machine = f"{os.cpu_count()} CPU cores ({platform.machine()}), PyTorch {torch.__version__}"
    parts = [
        "# Text to speech in unseen voices",
        f"{datetime.date.today()}, {budget}; {machine}.",
        "\n".join(table(arguments)),
        arguments.notes.read_text(encoding="utf-8").rstrip(),
        detail.replace("# Evaluation", "## Evaluation", 1),
    ]
    return "\n\n".join(parts)


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--system", nargs=3, action="append", required=True, metavar=("NAME", "MODEL", "VOICE")
    )
    parser.add_argument("--exp", type=Path, required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--notes", type=Path, required=True, help="what comes behind the table")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    write_text(arguments.out, report(arguments))


if __name__ == "__main__":
    main()
