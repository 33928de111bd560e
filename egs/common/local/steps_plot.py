"""Plot what `hiervox evaluate` found over numbers of steps: systems NAME_N_steps are points of one curve."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hiervox.utils.errors import DataError, HierVoxError
from hiervox.utils.plots import COLOURS, empty_figure, save_figure

FIGURES = {
    "wer_corpus": "WER ↓",
    "sim": "SIM ↑",
    "f0_pearson": "FPC ↑",
    "f0_rmse_cents": "F0 RMSE (cents) ↓",
    "mcd": "MCD (dB) ↓",
    "fad": "FAD ↓",
    "dnsmos_ovrl": "DNSMOS ↑",
    "rtf": "RTF ↓",
}
COLUMNS = 3
AT_STEPS = re.compile(r"(?P<name>.+)_(?P<steps>\d+)_steps")

Curve = list[tuple[int, dict[str, Any]]]
"""Steps, and the figures with them, in ascending order."""


def curves(summary: Mapping[str, Any]) -> dict[str, Curve]:
    """Of each system that was measured with two numbers of steps or more."""
    found: dict[str, Curve] = defaultdict(list)
    for system, measured in summary["systems"].items():
        if match := AT_STEPS.fullmatch(system):
            found[match["name"]].append((int(match["steps"]), measured["figures"]))
    return {
        name: sorted(curve, key=lambda point: point[0]) for name, curve in found.items() if len(curve) > 1
    }


def plot(drawn: Mapping[str, Curve], path: Path) -> None:
    """Draw each figure over steps, with its intervals, as SVG."""
    points = [figures for curve in drawn.values() for _, figures in curve]
    shown = [name for name in FIGURES if any(figures.get(name) for figures in points)]
    rows = -(-len(shown) // COLUMNS)
    figure = empty_figure(3 * COLUMNS, 2.4 * rows, layout="constrained")
    for place, name in enumerate(shown, start=1):
        axes = figure.add_subplot(rows, COLUMNS, place)
        axes.set_prop_cycle(color=COLOURS)
        for system, curve in drawn.items():
            own = [(steps, figures[name]) for steps, figures in curve if figures.get(name)]
            values = [one["value"] for _, one in own]
            error = [
                [0.0 if one[end] is None else max(0.0, sign * (one[end] - one["value"])) for _, one in own]
                for end, sign in (("low", -1), ("high", 1))
            ]
            axes.errorbar([steps for steps, _ in own], values, error, fmt="o-", capsize=3, label=system)
        axes.set(xscale="log", xlabel="steps", title=FIGURES[name])
        axes.grid(alpha=0.3)
        if place == 1:
            axes.legend(fontsize="small")
    save_figure(figure, path)


def main() -> None:
    """Parse and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evaluation", type=Path, required=True, help="folder of `hiervox evaluate`")
    parser.add_argument("--out", type=Path, required=True, help="SVG")
    arguments = parser.parse_args()
    summary = json.loads((arguments.evaluation / "summary.json").read_text(encoding="utf-8"))
    if not (drawn := curves(summary)):
        raise DataError(
            "no system was measured with two numbers of steps", "name systems as NAME_10_steps, NAME_50_steps"
        )
    plot(drawn, arguments.out)


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"steps_plot.py: {error}")
