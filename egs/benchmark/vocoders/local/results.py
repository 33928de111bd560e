"""Write RESULTS.md: one table of what `hiervox evaluate` found and of what each vocoder costs."""

from __future__ import annotations

import datetime
import os
import platform
import re
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from hiervox.evaluation.table import GROUND_TRUTH
from hiervox.models.base.checkpoints.checkpoint import find_checkpoint, read_json
from hiervox.models.base.training.run_folder import PROGRESS_NAME
from hiervox.utils.files import write_text

FIGURES = {  # of `hiervox evaluate`: column, digits
    "pesq": ("PESQ ↑", 2),
    "stft_convergence": ("M-STFT convergence ↓", 3),
    "stft_log": ("M-STFT log magnitude ↓", 3),
    "mcd": ("MCD (dB) ↓", 2),
    "f0_rmse": ("F0 RMSE (Hz) ↓", 1),
    "f0_pearson": ("FPC ↑", 3),
}
COSTS = ("RTF ↓", "parameters (M)", "steps", "training (min)")


def row(cells: list[str]) -> str:
    """A line of a table."""
    return "| " + " | ".join(cells) + " |"


def evaluated(summary: dict[str, Any], system: str) -> list[str]:
    """The cells of `FIGURES`."""
    figures = summary["systems"][system]["figures"]
    found = {name: figures.get(name) for name in FIGURES}
    return [
        f"{found[name]['value']:.{digits}f}" if found[name] else "n/a"
        for name, (_, digits) in FIGURES.items()
    ]


def costs(folder: Path) -> list[str]:
    """The cells of `COSTS`, of a vocoder's folder."""
    speed = read_json(folder / "wavs" / "speed.json")
    notes = re.findall(r"(\d+)m([\d.]+)s", (folder / "seconds.txt").read_text(encoding="utf-8"))
    minutes = sum(
        int(whole) + float(seconds) / 60 for whole, seconds in notes
    )  # as the shell's `times` has them
    steps = read_json(find_checkpoint(folder / "run") / PROGRESS_NAME)["step"]
    factor, parameters = speed["real_time_factor"], speed["parameters"] / 1e6
    return [f"{factor:.2f}", f"{parameters:.2f}", str(steps), f"{minutes:.1f}"]


def report(exp: Path, systems: list[str], steps: int, notes: str) -> str:
    """The whole page."""
    summary = read_json(exp / "evaluation" / "summary.json")
    header = ["vocoder", *(title for title, _ in FIGURES.values()), *COSTS]
    lines = [row(header), "|" + "---|" * len(header)]
    lines.append(row(["recordings", *evaluated(summary, GROUND_TRUTH), *[""] * len(COSTS)]))
    lines += [row([name, *evaluated(summary, name), *costs(exp / name)]) for name in systems]
    machine = f"{os.cpu_count()} CPU cores ({platform.machine()}), PyTorch {torch.__version__}"
    detail = (exp / "evaluation" / "summary.md").read_text(encoding="utf-8")
    parts = [
        "# Vocoders at a small size",
        f"{datetime.date.today()}, at most {steps} optimizer steps of every network; {machine}.",
        "\n".join(lines),
        notes.rstrip(),
        detail.replace("# Evaluation", "## Evaluation", 1),
    ]
    return "\n\n".join(parts)


def main(
    exp: Annotated[Path, typer.Option(help="Folder of the benchmark: SYSTEM/wavs, evaluation.")],
    systems: Annotated[str, typer.Option(help="By commas.")],
    steps: Annotated[int, typer.Option(help="Of every training.")],
    notes: Annotated[Path, typer.Option(help="What comes behind the table.")],
    out: Annotated[Path, typer.Option(help="The page, Markdown.")],
) -> None:
    """Write."""
    text = report(exp, systems.split(","), steps, notes.read_text(encoding="utf-8"))
    write_text(out, text)


if __name__ == "__main__":
    typer.run(main)
