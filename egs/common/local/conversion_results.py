"""Write RESULTS.md: a table of the systems, with how quick they were, and what differs."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent))
from figure_tables import differences, settings, table
from machine import machine
from speed import SPEED_NAME
from steps_plot import curves, plot

from hiervox.utils.errors import HierVoxError
from hiervox.utils.files import write_text

PLOT_NAME = "steps.svg"
FIGURES = {
    "wer_corpus": ("WER (%) ↓", 100, 1),
    "cer_corpus": ("CER (%) ↓", 100, 1),
    "sim": ("SIM ↑", 1, 3),
    "sim_eer": ("EER (%) ↓", 100, 1),
    "f0_pearson": ("FPC ↑", 1, 3),
    "f0_rmse_cents": ("F0 RMSE (cents) ↓", 1, 0),
    "mcd": ("MCD (dB) ↓", 1, 2),
    "fad": ("FAD ↓", 1, 3),
    "dnsmos_ovrl": ("DNSMOS ↑", 1, 2),
    "utmos": ("UTMOS ↑", 1, 2),
    "rtf": ("RTF ↓", 1, 3),
}


def with_speed(summary: dict[str, Any], wavs: Path) -> dict[str, Any]:
    """The summary, with how long each system took for a second of speech."""
    for name, system in summary["systems"].items():
        path = wavs / name / SPEED_NAME
        if path.is_file():
            total = json.loads(path.read_text(encoding="utf-8"))
            system["figures"]["rtf"] = {"value": total["work"] / total["speech"], "low": None, "high": None}
    return summary


def report(exp: Path, title: str, notes: str) -> str:
    """The whole page; where a system was measured with several numbers of steps, `EXP/steps.svg` is drawn."""
    summary = json.loads((exp / "evaluation" / "summary.json").read_text(encoding="utf-8"))
    summary = with_speed(summary, exp / "wavs")
    if drawn := curves(summary):
        plot(drawn, exp / PLOT_NAME)
    found = {name for system in summary["systems"].values() for name in system["figures"]}
    figures = {name: shown for name, shown in FIGURES.items() if name in found}
    digest = (exp / "list.sha256").read_text(encoding="utf-8").strip()
    parts = [
        f"# {title}",
        f"{datetime.date.today()}; {machine()}. The sources stand in the line `ground_truth`: their "
        "similarity to the prompts is what conversion has to beat.",
        "\n".join(table(summary, figures)),
        f"![figures over steps]({PLOT_NAME})" if drawn else "",
        "\n".join(differences(summary, figures)),
        notes.rstrip(),
        "## Settings",
        "\n".join([f"- list: SHA-256 {digest}", *settings(summary)]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exp", type=Path, required=True)
    parser.add_argument("--title", required=True)
    parser.add_argument("--notes", type=Path, nargs="+", required=True, help="what follows the table")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    notes = "\n\n".join(path.read_text(encoding="utf-8").strip() for path in arguments.notes)
    write_text(arguments.out, report(arguments.exp, arguments.title, notes))


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"conversion_results.py: {error}")
