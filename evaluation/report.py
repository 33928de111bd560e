"""The files an evaluation leaves: utterances.csv, summary.json, summary.md."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from hiervox.evaluation.estimate import CONFIDENCE, RESAMPLES, Estimate
from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.table import GROUND_TRUTH, Utterance
from hiervox.utils.errors import DataError
from hiervox.utils.files import write_json, write_text

UTTERANCES_NAME = "utterances.csv"
SUMMARY_NAME = "summary.json"
REPORT_NAME = "summary.md"
FINGERPRINT_COLUMN = "fingerprint"
IDENTITY_COLUMNS = ("id", "system", "audio")

Summary = Mapping[str, Mapping[str, Estimate | None]]


def write_utterances(
    path: Path,
    utterances: Sequence[Utterance],
    scores: Mapping[Utterance, Scores],
    prints: Mapping[Utterance, str],
    columns: Sequence[str],
) -> None:
    """Write the rows that have scores, in the table's order."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*IDENTITY_COLUMNS, *columns, FINGERPRINT_COLUMN], lineterminator="\n")
    writer.writeheader()
    for utterance in utterances:
        if utterance in scores:
            identity = {"id": utterance.id, "system": utterance.system, "audio": str(utterance.audio)}
            writer.writerow({**identity, **scores[utterance], FINGERPRINT_COLUMN: prints[utterance]})
    write_text(path, text.getvalue())


def read_scores(path: Path, columns: Sequence[str]) -> dict[str, Scores]:
    """The scores of an earlier run by fingerprint; empty where there is none.

    Raises:
        DataError: the file is not one that `write_utterances` wrote.
    """
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"can't read {path} ({error})", "remove it or choose another --out") from error
    if rows and FINGERPRINT_COLUMN not in rows[0]:
        raise DataError(f"{path} is not of an evaluation", "choose another --out")
    return {
        row[FINGERPRINT_COLUMN]: {column: row[column] for column in columns if row.get(column)}
        for row in rows
    }


def write_summary(
    folder: Path, metrics: Sequence[Metric], summary: Summary, counts: Mapping[str, int]
) -> None:
    """Write summary.json and summary.md.

    Args:
        folder: where.
        metrics: the metrics that were asked for.
        summary: system → figure → estimate; None where nothing could be measured.
        counts: system → number of its rows.
    """
    settings = {key: value for metric in metrics for key, value in metric.settings.items()}
    figures = {name: figure for metric in metrics for name, figure in metric.figures.items()}
    write_json(
        folder / SUMMARY_NAME,
        {
            "settings": settings,
            "confidence": CONFIDENCE,
            "resamples": RESAMPLES,
            "systems": {
                system: {
                    "utterances": counts[system],
                    "figures": {
                        name: asdict(found) if found else None for name, found in summary[system].items()
                    },
                }
                for system in ordered(summary)
            },
        },
    )
    write_text(folder / REPORT_NAME, markdown(summary, figures, settings, counts))


def ordered(systems: Mapping[str, object]) -> list[str]:
    """Ground truth first, then as in the table."""
    return sorted(systems, key=lambda system: system != GROUND_TRUTH)


def markdown(
    summary: Summary, figures: Mapping[str, Figure], settings: Mapping[str, str], counts: Mapping[str, int]
) -> str:
    """The report as a table by system."""
    arrows = {"higher": "↑", "lower": "↓"}
    header = [
        "system",
        "utterances",
        *(f"{figure.title} {arrows[figure.better]}" for figure in figures.values()),
    ]
    lines = ["# Evaluation", "", "| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    for system in ordered(summary):
        cells = [_cell(summary[system][name], figure, counts[system]) for name, figure in figures.items()]
        lines.append("| " + " | ".join([system.replace("|", "\\|"), str(counts[system]), *cells]) + " |")
    lines += [
        "",
        f"In brackets: {CONFIDENCE:.0%} percentile-bootstrap interval over utterances "
        f"({RESAMPLES} resamples); `n=` where a figure could not be measured for every utterance.",
        "",
        *(f"- {key}: {value}" for key, value in settings.items()),
    ]
    return "\n".join(lines) + "\n"


def _cell(estimate: Estimate | None, figure: Figure, count: int) -> str:
    if estimate is None:
        return "n/a"
    scale, digits = (100.0, 1) if figure.percent else (1.0, 3)
    text = f"{estimate.value * scale:.{digits}f}"
    if estimate.low is not None and estimate.high is not None:
        text += f" [{estimate.low * scale:.{digits}f}, {estimate.high * scale:.{digits}f}]"
    return text if estimate.count == count else f"{text} n={estimate.count}"
