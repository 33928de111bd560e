"""Tables of what `hiervox evaluate` found, for pages of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hiervox.evaluation.table import GROUND_TRUTH

SIGNIFICANT = 0.05

Figures = Mapping[str, tuple[str, float, int]]
"""Of `hiervox evaluate`, in the order of the columns: name → title, factor, digits."""


def cell(found: dict[str, Any] | None, factor: float, digits: int) -> str:
    """A figure with its interval."""
    if not found:
        return "n/a"
    value = f"{factor * found['value']:.{digits}f}"
    if found["low"] is None:
        return value
    return f"{value} [{factor * found['low']:.{digits}f}, {factor * found['high']:.{digits}f}]"


def line(cells: Sequence[str]) -> str:
    """A line of a table."""
    return "| " + " | ".join(cells) + " |"


def table(summary: dict[str, Any], figures: Figures) -> list[str]:
    """One line a system, recordings first."""
    lines = [
        line(["system", *(title for title, _, _ in figures.values())]),
        "|" + "---|" * (len(figures) + 1),
    ]
    for system, found in summary["systems"].items():
        cells = [
            cell(found["figures"].get(name), factor, digits) for name, (_, factor, digits) in figures.items()
        ]
        lines.append(line([system, *cells]))
    return lines


def differences(summary: dict[str, Any], figures: Figures) -> list[str]:
    """A line a system: from which others it differs, and by which figures."""
    lines, untested = [], summary.get("untested", [])
    pairs = [pair for family in summary["comparisons"].values() for pair in family]
    least = min((pair["least"] for pair in pairs), default=0.0)
    if least >= SIGNIFICANT:
        units = min(pair["speakers"] or pair["count"] for pair in pairs)
        return [f"- {units} speakers can show no difference: the least p is {least:.3f}."]
    for system in summary["systems"]:
        if system == GROUND_TRUTH or system in untested:
            continue
        said = []
        for name, (title, _, _) in figures.items():
            column = "wer" if name == "wer_corpus" else "cer" if name == "cer_corpus" else name
            others = [
                pair["second"] if pair["first"] == system else pair["first"]
                for pair in summary["comparisons"].get(column, ())
                if system in (pair["first"], pair["second"]) and pair["p_holm"] < SIGNIFICANT
            ]
            if others:
                said.append(f"{title.split(' ')[0]} from {', '.join(others)}")
        lines.append(
            f"- {system} differs in {'; '.join(said)}." if said else f"- {system} differs from none."
        )
    if untested:
        lines.append(
            f"- {', '.join(untested)}: only figures were kept, no scores of utterances, so nothing is tested."
        )
    return lines


def settings(summary: dict[str, Any]) -> list[str]:
    """Judges and versions."""
    given = [f"- {name}: {value}" for name, value in summary["settings"].items()]
    return [*given, "- versions: " + ", ".join(f"{name} {one}" for name, one in summary["versions"].items())]
