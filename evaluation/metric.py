"""What every metric is: it scores one utterance after another, then tells its figures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from hiervox.evaluation.estimate import Estimate, mean_estimate
from hiervox.evaluation.table import Utterance

Scores = Mapping[str, float | str]


@dataclass(frozen=True)
class Figure:
    """How a figure of a metric is shown.

    Attributes:
        title: its column in the report.
        better: whether higher or lower values are better.
        percent: whether it is shown times 100.
    """

    title: str
    better: Literal["higher", "lower"]
    percent: bool = False


class Metric(ABC):
    """A metric: `score` judges one utterance, `update` counts its scores in, `compute` tells the figures.

    Its models load at the first utterance that needs them.

    Attributes:
        columns: what `score` tells of an utterance.
        figures: what `compute` tells of those counted in.
    """

    columns: ClassVar[tuple[str, ...]]
    figures: ClassVar[Mapping[str, Figure]]

    def __init__(self) -> None:
        self._rows: list[Scores] = []

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, str]:
        """Everything that a figure depends on, for the report; read without loading models."""

    @abstractmethod
    def score(self, utterance: Utterance) -> Scores | None:
        """The columns of one utterance, those without a value left out; None where there is nothing to judge.

        Raises:
            AudioError: a file that can't be read.
            DependencyError: a package or model that is not there.
        """

    def update(self, scores: Scores) -> None:
        """Count in the scores of one utterance, of now or of an earlier run."""
        self._rows.append(scores)

    def compute(self) -> dict[str, Estimate | None]:
        """The figures over the utterances since `reset`: by default the mean of each column."""
        return {column: mean_estimate(self.values(column)) for column in self.figures}

    def values(self, column: str) -> list[float]:
        """The values of a column where there are any."""
        return [float(row[column]) for row in self._rows if column in row]

    def reset(self) -> None:
        """Forget the scores; loaded models stay."""
        self._rows.clear()
