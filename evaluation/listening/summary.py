"""Files and figures of an answered listening test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hiervox.evaluation.comparison import PERMUTATIONS
from hiervox.evaluation.estimate import CONFIDENCE, RESAMPLES, Estimate
from hiervox.evaluation.listening.answers import (
    Answer,
    opinion_scores,
    opinion_tests,
    preferences,
    ratings_csv,
    read_answers,
)
from hiervox.evaluation.report.tables import comparison_json, estimate_json, table
from hiervox.evaluation.results import rounded
from hiervox.utils.files import write_json, write_text

TITLES = {"mos": "MOS", "smos": "SMOS", "ab": "Preference"}
MARKDOWN_NAME = "listening.md"
JSON_NAME = "listening.json"
RATINGS_NAME = "ratings.csv"


def summarize_answers(files: Sequence[Path], key: Path, out: Path) -> str:
    """Write `listening.md`, `listening.json` and `ratings.csv`; the first is returned.

    Raises:
        DataError: as `read_answers`.
    """
    kind, answers = read_answers(files, key)
    listeners = len({answer.listener for answer in answers})
    found = _preferences(answers) if kind == "ab" else _opinions(answers, TITLES[kind])
    figures, lines = found
    lines = [f"# {TITLES[kind]}", "", f"{listeners} listeners, {len(answers)} answers.", "", *lines]
    markdown = "\n".join(lines) + "\n"
    write_text(out / RATINGS_NAME, ratings_csv(answers))
    write_json(out / JSON_NAME, {"kind": kind, "listeners": listeners, "answers": len(answers), **figures})
    write_text(out / MARKDOWN_NAME, markdown)
    return markdown


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
