"""CSV, JSON and Markdown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from hiervox.evaluation.comparison import PERMUTATIONS, Comparison
from hiervox.evaluation.estimate import (
    BOOTSTRAP_SEED,
    CONFIDENCE,
    FEW_SPEAKERS,
    FEW_UTTERANCES,
    RESAMPLES,
    Estimate,
)
from hiervox.evaluation.metric import Figure, Vector
from hiervox.evaluation.results import Results, rounded, shown

IDENTITY_COLUMNS = ("id", "system", "audio")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
ARROWS = {"higher": " ↑", "lower": " ↓", "neither": ""}
SIGNIFICANT = 1 - CONFIDENCE


def utterances_csv(results: Results) -> str:
    """One line a recording, in the table's order; what has no value is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*IDENTITY_COLUMNS, *results.columns])
    for row in results.utterances:
        found = [results.scores[row].get(column, "") for column in results.columns]
        writer.writerow([cell(value) for value in (row.id, row.system, str(row.audio), *found)])
    return text.getvalue()


def cell(value: float | str | Vector) -> str:
    """A cell; a text that a spreadsheet would take for a formula gets a quote before it."""
    if not isinstance(value, str):
        return repr(rounded(float(value)))
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value


def as_json(results: Results) -> dict[str, Any]:
    """Everything but the scores of single recordings."""
    return {
        "settings": dict(results.settings),
        "confidence": CONFIDENCE,
        "resamples": RESAMPLES,
        "permutations": PERMUTATIONS,
        "seed": BOOTSTRAP_SEED,
        "list_sha256": results.sentences["sha256"],
        "versions": dict(results.versions),
        "models": dict(results.models),
        "left_out": dict(results.left_out),
        "figures": {name: asdict(figure) for name, figure in results.figures.items()},
        "systems": {
            system: {
                "utterances": results.count(system),
                "figures": {name: estimate_json(found) for name, found in results.summary[system].items()},
            }
            for system in results.systems
        },
        "comparisons": {
            figure: [comparison_json(pair) for pair in pairs] for figure, pairs in results.comparisons.items()
        },
    }


def estimate_json(estimate: Estimate | None) -> dict[str, float | int | None] | None:
    """An estimate with rounded numbers."""
    if estimate is None:
        return None
    low, high = (None if bound is None else rounded(bound) for bound in (estimate.low, estimate.high))
    return {"value": rounded(estimate.value), "low": low, "high": high, "count": estimate.count}


def comparison_json(pair: Comparison) -> dict[str, float | int | str]:
    """A comparison with rounded numbers."""
    return {
        **asdict(pair),
        "difference": rounded(pair.difference),
        "p": rounded(pair.p),
        "p_holm": rounded(pair.p_holm),
        "least": rounded(pair.least),
    }


def heading(figure: Figure) -> str:
    """Title, unit and direction."""
    unit = f" ({figure.unit})" if figure.unit else ""
    return f"{figure.title}{unit}{ARROWS[figure.better]}"


def markdown(results: Results) -> str:
    """The report as a table by system, with what differs and what the figures depend on."""
    figures = {name: figure for name, figure in results.figures.items() if results.has_value(name)}
    rows = [["system", "utterances", *(heading(figure) for figure in figures.values())]]
    for system in results.systems:
        count = results.count(system)
        found = results.summary[system]
        rows.append([system, str(count), *(_estimate(found[name], figures[name], count) for name in figures)])
    lines = ["# Evaluation", "", *table(rows), ""]
    lines += [
        f"In brackets: {CONFIDENCE:.0%} bootstrap interval over {units_of(results)} ({RESAMPLES} "
        "resamples, BCa); `n=` where a figure could not be measured for every utterance.",
        *(line for warning in warnings_of(results) for line in ("", warning)),
        "",
        *_without_value(results),
        *_differences(results),
        *(f"- {key}: {value}" for key, value in results.settings.items()),
        f"- list: SHA-256 {results.sentences['sha256']}",
        *(f"- weights of {name}: SHA-256 {checksum}" for name, checksum in results.models.items()),
        f"- versions: {', '.join(f'{name} {number}' for name, number in results.versions.items())}",
    ]
    if results.left_out:
        lines += ["", "Left out:", "", *table([["metric", "reason"], *map(list, results.left_out.items())])]
    return as_text(lines)


def units_of(results: Results) -> str:
    """What the bootstrap draws."""
    drawn = [estimate for found in results.summary.values() for estimate in found.values() if estimate]
    most = max((estimate.speakers for estimate in drawn), default=0)
    return f"{most} speakers and the utterances of each" if most else "utterances"


def warnings_of(results: Results) -> list[str]:
    """What is said of intervals over too little."""
    drawn = [estimate for found in results.summary.values() for estimate in found.values() if estimate]
    fewest = min((estimate.count for estimate in drawn), default=FEW_UTTERANCES)
    speakers = min((estimate.speakers for estimate in drawn if estimate.speakers), default=FEW_SPEAKERS)
    warnings = []
    if fewest < FEW_UTTERANCES:
        warnings.append(f"Intervals over {fewest} utterances say little: take {FEW_UTTERANCES} or more.")
    if speakers < FEW_SPEAKERS:
        warnings.append(f"Intervals over {speakers} speakers say little: take {FEW_SPEAKERS} or more.")
    return warnings


def _without_value(results: Results) -> list[str]:
    """The figures that no system has, and the cells that their metrics read."""
    lines = []
    for name, metric in results.metrics.items():
        empty = [
            heading(metric.figures[figure]) for figure in metric.figures if not results.has_value(figure)
        ]
        if empty:
            cells = (*metric.needs, *metric.texts, *metric.files)
            reads = f" (reads {', '.join(cells)})" if cells else ""
            lines.append(f"- no value: {', '.join(empty)} of {name}{reads}")
    return [*lines, ""] if lines else []


def _differences(results: Results) -> list[str]:
    """The pairs of systems that differ after Holm's correction."""
    rows = []
    for name, pairs in results.comparisons.items():
        figure = results.figures[name]
        differing = [_difference(pair, figure) for pair in pairs if pair.p_holm < SIGNIFICANT]
        if differing:
            rows.append([heading(figure), "; ".join(differing)])
    if not rows:
        return _none_differ(results)
    return [
        f"Pairs of systems that differ (paired permutation test, {PERMUTATIONS} permutations, p < "
        f"{SIGNIFICANT:.2f} after Holm's correction over the pairs of one figure; pairs with ground truth "
        "are corrected among themselves):",
        "",
        *table([["figure", "systems, difference of the first from the second, p"], *rows]),
        "",
        *_cannot_differ(results),
    ]


def _none_differ(results: Results) -> list[str]:
    """What is said where no pair differs."""
    silent = _cannot_differ(results)
    tested = any(pair.least < SIGNIFICANT for pairs in results.comparisons.values() for pair in pairs)
    return (
        ["No pair of systems differs (paired permutation test, Holm's correction).", "", *silent]
        if tested
        else silent
    )


def _cannot_differ(results: Results) -> list[str]:
    """The figures of which so few speakers or utterances can show no difference."""
    least = {
        heading(results.figures[name]): min(pair.least for pair in pairs)
        for name, pairs in results.comparisons.items()
        if pairs and all(pair.least >= SIGNIFICANT for pair in pairs)
    }
    if not least:
        return []
    said = ", ".join(f"{title} (least p {p:.2f})" for title, p in least.items())
    return [
        f"So few speakers or utterances can show no difference at p < {SIGNIFICANT:.2f}, however "
        f"large it is: {said}.",
        "",
    ]


def _difference(pair: Comparison, figure: Figure) -> str:
    sign = "+" if pair.difference > 0 else ""
    return f"{pair.first}, {pair.second}: {sign}{shown(pair.difference, figure)}, {pair.p_holm:.4f}"


def as_text(lines: Sequence[str]) -> str:
    """Lines of Markdown as a document in which names and texts that it quotes make no HTML and no link."""
    text = re.sub(r"<(?=[a-zA-Z/!?])", "&lt;", "\n".join(lines))
    return text.replace("](", "]&#40;") + "\n"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table; the first row is its header."""
    lines = [
        "| " + " | ".join(" ".join(text.split()).replace("|", "\\|") for text in row) + " |" for row in rows
    ]
    return [lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]


def _estimate(estimate: Estimate | None, figure: Figure, count: int) -> str:
    if estimate is None:
        return "n/a"
    text = shown(estimate.value, figure)
    if estimate.low is not None and estimate.high is not None:
        text += f" [{shown(estimate.low, figure)}, {shown(estimate.high, figure)}]"
    return text if estimate.count == count else f"{text} n={estimate.count}"
