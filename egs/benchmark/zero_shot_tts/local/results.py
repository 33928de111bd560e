"""Write RESULTS.md: one table of what `hiervox evaluate` found and of what each model costs."""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import time
from pathlib import Path
from typing import Any

import torch

import hiervox
from hiervox.evaluation.table import GROUND_TRUTH
from hiervox.models.base.checkpoints.checkpoint import (
    WEIGHTS_NAME,
    find_checkpoint,
    load_weights,
    read_json,
)
from hiervox.models.base.pipelines.bundle import is_checkpoint, parts_of
from hiervox.models.base.pipelines.controls import make_controls, parse_assignments
from hiervox.utils.files import write_text

TEXT = "The quick brown fox jumps over the lazy dog, and runs away into the forest behind the house."
FIGURES = {  # of `hiervox evaluate`: column, factor, digits
    "wer_corpus": ("WER (%) ↓", 100, 1),
    "cer_corpus": ("CER (%) ↓", 100, 1),
    "sim": ("SIM ↑", 1, 3),
    "f0_pearson": ("FPC ↑", 1, 3),
    "dnsmos_ovrl": ("DNSMOS ↑", 1, 2),
}
COSTS = ("RTF ↓", "parameters (M)", "training (min)")
OWN_VOICE = "*"


def parameters_of(model: Path) -> float:
    """Millions of weights and buffers of a checkpoint, or of all networks of a bundle."""
    folders = [model] if is_checkpoint(model) else [part.folder for part in parts_of(model)]
    files = [find_checkpoint(folder) / WEIGHTS_NAME for folder in folders]
    return sum(tensor.numel() for file in files for tensor in load_weights(file).values()) / 1e6


def training_minutes(notes: Path) -> float | None:
    """Of the processor, from lines `waited user system` (s); None where nothing was trained."""
    if not notes.is_file():
        return None
    lines = [line.split() for line in notes.read_text(encoding="utf-8").splitlines()]
    return sum(float(user) + float(system) for _, user, system in lines) / 60


def real_time_factor(model: Path, prompt: Path | str | None, assignments: list[str], device: str) -> float:
    """Seconds of the processor to a second of speech, for one sentence, the networks loaded and warm.

    On a GPU, seconds waited.
    """
    pipeline = hiervox.load(model, "tts", device)
    controls = make_controls(pipeline.controls, parse_assignments(assignments))
    voice = pipeline.voice(prompt)
    clock = time.process_time if pipeline.device.type == "cpu" else time.perf_counter
    pipeline.tts("Hello.", voice, controls)
    begun = clock()
    speech = pipeline.tts(TEXT, voice, controls)
    factor: float = (clock() - begun) * speech.rate / speech.wav.size
    return factor


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
        assignments = [text for owner, text in arguments.control if owner == name]
        prompt = {"prompt": arguments.prompt, "none": None}.get(voice, voice)
        factor = real_time_factor(Path(folder), prompt, assignments, arguments.device)
        minutes = training_minutes(arguments.exp / name / "seconds.txt")
        costs = [f"{factor:.2f}", f"{parameters_of(Path(folder)):.2f}"]
        trained = "given" if minutes is None else f"{minutes:.1f}"
        mark = "" if voice == "prompt" else OWN_VOICE
        lines.append(row([name + mark, *evaluated(summary, name), *costs, trained]))
    return lines


def report(arguments: argparse.Namespace) -> str:
    """The whole page."""
    detail = (arguments.exp / "evaluation" / "summary.md").read_text(encoding="utf-8")
    budget = f"corpus {arguments.corpus}, {arguments.steps} optimizer steps of every network that was trained"
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
    parser.add_argument("--control", nargs=2, action="append", default=[], metavar=("NAME", "KEY=VALUE"))
    parser.add_argument("--exp", type=Path, required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--prompt", type=Path, required=True, help="the first of the list")
    parser.add_argument("--notes", type=Path, required=True, help="what comes behind the table")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    write_text(arguments.out, report(arguments))


if __name__ == "__main__":
    main()
