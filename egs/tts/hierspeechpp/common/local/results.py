"""Write RESULTS.md: what was trained, for how long, on what, and how the evaluation judges it."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
from pathlib import Path
from typing import Any

import torch

from hiervox.evaluation.report import REPORT_NAME
from hiervox.models.base.checkpoints.checkpoint import WEIGHTS_NAME, find_checkpoint, load_weights, read_json
from hiervox.models.base.training.run_folder import METRICS_NAME, PROGRESS_NAME
from hiervox.utils.files import write_text

PARTS = ("text_to_vec", "synthesizer", "speechsr24", "speechsr48")
TRAINING_HEADER = ("part", "parameters (M)", "steps", "epochs", "minutes", "dev total first → best → last")


def training_row(run: Path) -> list[str]:
    """Cells of one run folder, as `TRAINING_HEADER` names them."""
    checkpoint = find_checkpoint(run)
    progress = read_json(checkpoint / PROGRESS_NAME)
    parameters = sum(tensor.numel() for tensor in load_weights(checkpoint / WEIGHTS_NAME).values())
    lines = [json.loads(line) for line in (run / METRICS_NAME).read_text(encoding="utf-8").splitlines()]
    totals = [line["total"] for line in lines if line["split"] == "dev"]
    dev = f"{totals[0]:.3f} → {min(totals):.3f} → {totals[-1]:.3f}" if totals else "n/a"
    return [
        run.name,
        f"{parameters / 1e6:.3f}",
        str(progress["step"]),
        str(progress["epoch"]),
        f"{_minutes(lines):.1f}",
        dev,
    ]


def _minutes(lines: list[dict[str, Any]]) -> float:
    """Time of the steps themselves, without validation and saving."""
    return sum(line["seconds"] for line in lines if line["split"] == "train") / 60


def hardware() -> str:
    """One line: what the results were made on."""
    accelerators = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return (
        f"{', '.join(accelerators) or 'CPU only'}; {os.cpu_count()} CPU cores ({platform.machine()}); "
        f"Python {platform.python_version()}, PyTorch {torch.__version__}"
    )


def report(recipe: str, runs: Path, evaluation: Path) -> str:
    """The whole file as Markdown; of parts that were not trained it says nothing."""
    table = ["| " + " | ".join(TRAINING_HEADER) + " |", "|" + "---|" * len(TRAINING_HEADER)]
    table += ["| " + " | ".join(training_row(runs / part)) + " |" for part in PARTS if (runs / part).is_dir()]
    judged = (evaluation / REPORT_NAME).read_text(encoding="utf-8").replace("# ", "## ", 1)
    made = f"Made with `egs/tts/hierspeechpp/{recipe}/run.sh` on {datetime.date.today()}: {hardware()}."
    return "\n".join(["# Results", "", made, "", "## Training", "", *table, "", judged])


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", required=True, help="its folder's name")
    parser.add_argument("--runs", type=Path, required=True, help="folder with one run folder a part")
    parser.add_argument("--evaluation", type=Path, required=True, help="what `hiervox evaluate` wrote")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    write_text(arguments.out, report(arguments.recipe, arguments.runs, arguments.evaluation))


if __name__ == "__main__":
    main()
