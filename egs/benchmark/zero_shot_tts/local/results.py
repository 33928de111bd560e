"""Write RESULTS.md: a table a list of what every system says at every budget, and their plot."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from budget import seconds_of
from figures import FIGURES
from rows import Row, all_rows, kept_rows, merged, trained_rows
from trials import RESYNTHESIS

sys.path.append(str(Path(__file__).parents[3] / "common" / "local"))
from figure_tables import differences, line, settings, table
from machine import machine

from hiervox.evaluation.table import GROUND_TRUTH
from hiervox.models.base.checkpoints.checkpoint import read_json
from hiervox.utils.errors import HierVoxError
from hiervox.utils.files import write_text
from hiervox.utils.plots import COLOURS, empty_figure, save_figure

LISTS = {
    "synthetic": "Sentences in synthetic voices that no training has heard",
    "real": "Sentences with prompts of LibriSpeech test-other",
    "dev": "Sentences in other held-out voices, for tuning",
    "conversion": "Voice conversion: real recordings to real voices",
}
ENDS = ("low", "high")
PLOTTED = ("wer_corpus", "sim", "dnsmos_ovrl")


def costs(rows: Sequence[Row]) -> list[str]:
    """What the budgets went into, how quick speech is, and where and when that was."""
    titles = ["system", "parameters (M)", "minutes", "RTF", "trained"]
    lines = [line(titles), "|" + "---|" * len(titles)]
    for one in rows:
        about, spent = one.about, one.about["seconds"]
        parts = ", ".join(f"{name} {seconds / 60:.1f}" for name, seconds in spent.items())
        minutes = f"{sum(spent.values()) / 60:.1f}: {parts}" if spent else "given"
        size = f"{about['parameters']:.1f}" if about["parameters"] else "n/a"
        speed = "n/a" if about["rtf"] is None else f"{about['rtf']:.2f}"
        lines.append(line([one.name, size, minutes, speed, f"{about['date']}, {about['machine']}"]))
    return lines


def points_of(
    rows: Sequence[Row], system: str, summary: dict[str, Any], name: str
) -> list[tuple[float, dict[str, Any]]]:
    """Hours and figure at each budget of a system."""
    found = []
    for one in rows:
        figure = summary["systems"].get(one.name, {"figures": {}})["figures"].get(name)
        if one.system == system and figure:
            found.append((seconds_of(one.mark) / 3600, figure))
    return found


def plot(summaries: dict[str, dict[str, Any]], rows: Sequence[Row], out: Path) -> None:
    """Word errors, similarity and DNSMOS against the budget, a line a system; as SVG."""
    figure = empty_figure(9, 3.2 * len(summaries), layout="constrained")
    grid = figure.subplots(len(summaries), len(PLOTTED), squeeze=False)
    for axes_row, (which, summary) in zip(grid, summaries.items(), strict=True):
        for axes, name in zip(axes_row, PLOTTED, strict=True):
            title, factor, _ = FIGURES[name]
            axes.set_prop_cycle(color=COLOURS)
            for system in dict.fromkeys(one.system for one in rows):
                points = points_of(rows, system, summary, name)
                if points:
                    values = [factor * found["value"] for _, found in points]
                    spans = [[factor * abs(one["value"] - one[end]) for _, one in points] for end in ENDS]
                    hours = [hour for hour, _ in points]
                    axes.errorbar(hours, values, yerr=spans, fmt="o-", capsize=3, label=system)
            truth = summary["systems"].get(GROUND_TRUTH, {"figures": {}})["figures"].get(name)
            if truth:
                axes.axhline(factor * truth["value"], color="grey", linestyle=":", label="recordings")
            axes.set(xlabel="hours of one processor", ylabel=title, title=which)
            axes.grid(alpha=0.3)
        axes_row[0].legend()
    save_figure(figure, out)


def data_of(exp: Path) -> list[str]:
    """What was trained on and what was spoken, with hashes."""
    found = read_json(exp / "set" / "training_set.json")
    minutes = ", ".join(f"{name} {value}" for name, value in found["minutes"].items())
    spoken = sum(found["minutes_with_text"].values())
    lines = [
        f"- training set: {found['clips']} clips, {sum(found['minutes'].values()):.0f} minutes ({minutes}), "
        f"{spoken:.0f} of them with text, {found['voices']} voices; SHA-256 {found['sha256']}",
    ]
    for path in sorted((exp / "lists").glob("*.sha256")):
        lines.append(f"- list {path.stem}: SHA-256 {path.read_text(encoding='utf-8').strip()}")
    return lines


def report(exp: Path, notes: str, picture: Path, kept: Sequence[Row] = ()) -> str:
    """The whole page; what was trained here is written into EXP/scores."""
    summaries = {}
    for which in LISTS:
        path = exp / "evaluation" / which / "summary.json"
        if path.is_file():
            summaries[which] = json.loads(path.read_text(encoding="utf-8"))
    own = list(trained_rows(exp, summaries))
    for one in own:
        one.write(exp / "scores")
    rows = all_rows(own, kept)
    summaries = {which: merged(exp, which, summary, rows) for which, summary in summaries.items()}
    spoken = {which: summaries[which] for which in summaries if which != "conversion"}
    if spoken:
        plot(spoken, rows, picture)
    parts = [
        "# Text to speech in unseen voices, by budget",
        f"{datetime.date.today()}; {machine()}. A budget is processor time of one thread: features, codec "
        f"and every network; `{RESYNTHESIS}` is the recordings through a system's codec.",
    ]
    for which, summary in summaries.items():
        parts += [
            f"## {LISTS[which]}",
            "\n".join(table(summary, FIGURES)),
            "\n".join(differences(summary, FIGURES)),
        ]
    parts += [f"![Figures against budget]({picture.name})"] if spoken else []
    parts += ["## What it cost", "\n".join(costs(rows))]
    parts += ["## Data", "\n".join(data_of(exp)), notes.rstrip()]
    if summaries:
        parts += ["## Settings", "\n".join(settings(next(iter(summaries.values()))))]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exp", type=Path, required=True)
    parser.add_argument("--kept", type=Path, help="folder of rows that were trained elsewhere")
    parser.add_argument("--notes", type=Path, required=True, help="what comes behind the tables")
    parser.add_argument("--out", type=Path, required=True, help="the page; its plot goes beside it")
    arguments = parser.parse_args()
    picture = arguments.out.parent / "budgets.svg"
    kept = kept_rows(arguments.kept) if arguments.kept else []
    notes = arguments.notes.read_text(encoding="utf-8")
    write_text(arguments.out, report(arguments.exp, notes, picture, kept))


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"results.py: {error}")
