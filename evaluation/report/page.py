"""The page of an evaluation: one HTML file that needs no network."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hiervox.evaluation.comparison import PERMUTATIONS
from hiervox.evaluation.estimate import CONFIDENCE, RESAMPLES
from hiervox.evaluation.recordings import Recordings
from hiervox.evaluation.report.media import Players, recording
from hiervox.evaluation.report.tables import comparison_json, estimate_json, units_of, warnings_of
from hiervox.evaluation.report.templates import fill_template
from hiervox.evaluation.results import Results, rounded

TITLE = "HierVox evaluation"
WORST = 10
FIRST_SENTENCES = 100
"""Sentences whose recordings the page holds, beside the worst of each figure: a page has to stay loadable."""


def report_page(results: Results, players: Players) -> str:
    """The page."""
    return fill_template("report", TITLE, page_data(results, players))


def page_data(results: Results, players: Players) -> dict[str, Any]:
    """What the page shows."""
    return {
        "systems": [{"name": system, "count": results.count(system)} for system in results.systems],
        "figures": [
            {"name": name, **asdict(figure), "column": results.column_of(name)}
            for name, figure in results.figures.items()
        ],
        "summary": {
            system: {name: estimate_json(found) for name, found in results.summary[system].items()}
            for system in results.systems
        },
        "comparisons": {
            figure: [comparison_json(pair) for pair in pairs] for figure, pairs in results.comparisons.items()
        },
        "sentences": _sentences(results, players),
        "metrics": [
            {
                "name": name,
                "measures": metric.measures,
                "paper": metric.paper,
                "figures": list(metric.figures),
            }
            for name, metric in results.metrics.items()
        ],
        "leftOut": dict(results.left_out),
        "settings": dict(results.settings),
        "versions": dict(results.versions),
        "models": dict(results.models),
        "list": results.sentences["sha256"],
        "confidence": CONFIDENCE,
        "resamples": RESAMPLES,
        "permutations": PERMUTATIONS,
        "worst": WORST,
        "units": units_of(results),
        "warnings": warnings_of(results),
    }


def _sentences(results: Results, players: Players) -> list[dict[str, Any]]:
    """Each sentence with its recordings by system."""
    recordings = Recordings()
    heard = _heard(results)
    found: dict[str, dict[str, Any]] = {}
    for row in results.utterances:
        sentence = found.setdefault(row.id, {"id": row.id, "text": row.text, "recordings": {}})
        sentence["text"] = sentence["text"] or row.text
        scores = {
            column: rounded(value) if isinstance(value, float) else value
            for column, value in results.scores[row].items()
        }
        media = recording(row.audio, recordings, players) if row.id in heard else {}
        sentence["recordings"][row.system] = {**media, "scores": scores}
    return list(found.values())


def _heard(results: Results) -> set[str]:
    """The sentences whose recordings the page holds: the first ones, and the worst of each figure."""
    names = list(dict.fromkeys(row.id for row in results.utterances))
    heard = set(names[:FIRST_SENTENCES])
    if len(heard) == len(names):
        return heard
    for name, figure in results.figures.items():
        column = results.column_of(name)
        if column and figure.better != "neither":
            for system in results.systems:
                heard |= _worst(results, system, column, highest=figure.better == "lower")
    return heard


def _worst(results: Results, system: str, column: str, highest: bool) -> set[str]:
    scored = [
        (float(results.scores[row][column]), row.id)
        for row in results.utterances
        if row.system == system and isinstance(results.scores[row].get(column), float)
    ]
    return {name for _, name in sorted(scored, reverse=highest)[:WORST]}
