"""What an evaluation found, as all reports show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hiervox.evaluation.comparison import Comparison
from hiervox.evaluation.estimate import Estimate
from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.table import GROUND_TRUTH, Utterance

DIGITS = 6
"""Significant digits of a report's numbers: more than a metric means, fewer than rounding errors reach."""


@dataclass(frozen=True)
class Results:
    """The whole of a run.

    Attributes:
        utterances: the rows of the table, in its order.
        columns: of `scores`, in the metrics' order.
        scores: what is known of each row.
        summary: system → figure → estimate; None where nothing could be measured.
        comparisons: figure → pairs of systems.
        figures: figure → how it is shown.
        metrics: name → what the metric measures and where it comes from.
        left_out: metric → why it could not run.
        settings: everything that the figures depend on.
        versions: package → version.
        models: network → SHA-256 of its file.
        sentences: the frozen list.
    """

    utterances: Sequence[Utterance]
    columns: Sequence[str]
    scores: Mapping[Utterance, Scores]
    summary: Mapping[str, Mapping[str, Estimate | None]]
    comparisons: Mapping[str, Sequence[Comparison]]
    figures: Mapping[str, Figure]
    metrics: Mapping[str, Metric]
    left_out: Mapping[str, str]
    settings: Mapping[str, str]
    versions: Mapping[str, str]
    models: Mapping[str, str]
    sentences: Mapping[str, Any] = field(default_factory=dict)

    @property
    def systems(self) -> list[str]:
        """Ground truth first, then as in the table."""
        return ordered_systems(self.utterances)

    def has_value(self, figure: str) -> bool:
        """Whether any system has the figure."""
        return any(self.summary[system].get(figure) for system in self.systems)

    def count(self, system: str) -> int:
        """How many rows a system has."""
        return sum(row.system == system for row in self.utterances)

    def column_of(self, figure: str) -> str:
        """The column of an utterance that a figure summarises; empty for figures of a set."""
        column = self.figures[figure].column or figure
        return column if column in self.columns else ""


def ordered_systems(utterances: Sequence[Utterance]) -> list[str]:
    """Ground truth first, then in the order in which they appear."""
    return sorted(dict.fromkeys(row.system for row in utterances), key=lambda system: system != GROUND_TRUTH)


def rounded(value: float) -> float:
    """To six significant digits."""
    return float(f"{value:.{DIGITS}g}")


def shown(value: float, figure: Figure) -> str:
    """A value as a person reads it: percentages with one digit, others with three."""
    if figure.percent:
        return f"{100 * value:.1f}"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.1f}"
