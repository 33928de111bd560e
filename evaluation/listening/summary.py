"""Files and figures of an answered listening test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hiervox.evaluation.comparison import PERMUTATIONS
from hiervox.evaluation.estimate import CONFIDENCE, RESAMPLES, Estimate
from hiervox.evaluation.listening.answers import (
    RATING_COLUMNS,
    Answer,
    opinion_scores,
    opinion_tests,
    preferences,
    ratings_csv,
    read_answers,
    screened,
)
from hiervox.evaluation.report.tables import as_text, comparison_json, estimate_json, table
from hiervox.evaluation.results import rounded
from hiervox.utils.errors import DataError
from hiervox.utils.files import all_or_nothing, write_json, write_text
from hiervox.utils.json_files import read_json

TITLES = {"mos": "MOS", "smos": "SMOS", "ab": "Preference", "mushra": "MUSHRA"}
MARKDOWN_NAME = "listening.md"
JSON_NAME = "listening.json"
RATINGS_NAME = "ratings.csv"
NAMES = (RATINGS_NAME, JSON_NAME, MARKDOWN_NAME)
START = 100
"""Characters of a file that tell what it is."""


def summarize_answers(files: Sequence[Path], key: Path, out: Path) -> str:
    """Write `listening.md`, `listening.json` and `ratings.csv`; the first is returned.

    Raises:
        DataError: as `read_answers`, or no listener of a MUSHRA test passes its screening.
    """
    kind, answers = read_answers(files, key)
    listeners = len({answer.listener for answer in answers})
    kept, out_of_it = screened(answers) if kind == "mushra" else (answers, [])
    if not kept:
        raise DataError(
            "every listener rated hidden references under 90 too often", "ask others: see the guide on MUSHRA"
        )
    found = _preferences(kept) if kind == "ab" else _opinions(kept, TITLES[kind])
    figures, lines = found
    if out_of_it:
        lines += ["", f"Left out for rating hidden references under 90 too often: {', '.join(out_of_it)}."]
        figures["left_out"] = out_of_it
    lines = [f"# {TITLES[kind]}", "", f"{listeners} listeners, {len(answers)} answers.", "", *lines]
    markdown = as_text(lines)
    with all_or_nothing(out, last=MARKDOWN_NAME) as folder:
        write_text(folder / RATINGS_NAME, ratings_csv(answers))
        write_json(
            folder / JSON_NAME, {"kind": kind, "listeners": listeners, "answers": len(answers), **figures}
        )
        write_text(folder / MARKDOWN_NAME, markdown)
    return markdown


def is_summary(file: Path) -> bool:
    """Whether a file is one of those that `summarize_answers` has written into its folder together."""
    try:
        tree = read_json(file.parent / JSON_NAME)
        counts = f"{tree['listeners']} listeners, {tree['answers']} answers."
        if file.name == JSON_NAME:
            return tree["kind"] in TITLES
        start = file.read_text(encoding="utf-8")[:START]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False
    return (
        counts in start if file.name == MARKDOWN_NAME else start.startswith(",".join(RATING_COLUMNS) + "\n")
    )


def _opinions(answers: Sequence[Answer], title: str) -> tuple[dict[str, Any], list[str]]:
    scores, tests = opinion_scores(answers), opinion_tests(answers)
    rows = [["system", f"{title} ↑", "ratings"]]
    for system, estimate in sorted(scores.items(), key=lambda entry: -entry[1].value):
        rows.append([system, _shown(estimate, 1.0, 2), str(estimate.count)])
    lines = [
        *table(rows),
        "",
        f"In brackets: {CONFIDENCE:.0%} bootstrap interval over ratings ({RESAMPLES} resamples).",
    ]
    if tests:
        differences = [["system", "other system", "mean difference", "p", "p (Holm)", "pairs"]]
        differences += [
            [
                test.first,
                test.second,
                f"{test.difference:+.2f}",
                f"{test.p:.4f}",
                f"{test.p_holm:.4f}",
                str(test.count),
            ]
            for test in tests
        ]
        paired = f"Paired permutation test over listener and sentence ({PERMUTATIONS} permutations):"
        lines += ["", paired, "", *table(differences)]
    figures = {
        "scores": {system: estimate_json(estimate) for system, estimate in scores.items()},
        "comparisons": [comparison_json(test) for test in tests],
    }
    return figures, lines


def _preferences(answers: Sequence[Answer]) -> tuple[dict[str, Any], list[str]]:
    pairs = preferences(answers)
    rows = [["system", "other system", "prefer the first %", "decided", "undecided", "p"]]
    for pair in pairs:
        share = _shown(pair.share, 100.0, 1)
        rows.append(
            [pair.first, pair.second, share, str(pair.share.count), str(pair.undecided), f"{pair.p:.4f}"]
        )
    note = (
        f"In brackets: exact {CONFIDENCE:.0%} interval of the share among decided answers; "
        "binomial test against one half."
    )
    found = [{**asdict(pair), "share": estimate_json(pair.share), "p": rounded(pair.p)} for pair in pairs]
    return {"preferences": found}, [*table(rows), "", note]


def _shown(estimate: Estimate, scale: float, digits: int) -> str:
    text = f"{scale * estimate.value:.{digits}f}"
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} [{scale * estimate.low:.{digits}f}, {scale * estimate.high:.{digits}f}]"
