"""What every metric is: it scores one utterance after another, then summarises the scores of a system."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from hiervox.evaluation.estimate import Estimate, mean_estimate, ratio_estimate
from hiervox.evaluation.recordings import Recordings
from hiervox.evaluation.table import Utterance
from hiervox.processors.recognizer import Recognizer
from hiervox.processors.semantic.config import OFFLINE_WHISPER
from hiervox.utils.config import Config
from hiervox.utils.errors import DependencyError

Vector = NDArray[np.float32]
Scores = Mapping[str, "float | str | Vector"]


@dataclass(frozen=True)
class Figure:
    """How a figure of a metric is shown.

    Attributes:
        title: its column in the report, without the unit.
        better: which values are better; `neither` where a figure has no direction.
        unit: such as `Hz` or `dB`; empty for plain numbers.
        percent: whether it is shown times 100.
        column: the column of an utterance that it summarises, by default the one of its own name.
        ratio: of a ratio of sums, as corpus-level error rates are, the columns above and below the line.
    """

    title: str
    better: Literal["higher", "lower", "neither"]
    unit: str = ""
    percent: bool = False
    column: str = ""
    ratio: tuple[str, str] | None = None


@dataclass(frozen=True)
class Row:
    """An utterance with what one metric says of it."""

    utterance: Utterance
    scores: Scores


@dataclass(frozen=True)
class Context:
    """What all metrics of a run share.

    Attributes:
        device: `cpu`, `cuda` or `cuda:N`.
        language: of the speech, as Whisper's code (`en`, `de`, …).
        asr: the recogniser, as `Recognizer` takes it.
    """

    device: str = "cpu"
    language: str = "en"
    asr: str = OFFLINE_WHISPER
    recordings: Recordings = field(default_factory=Recordings)

    @cached_property
    def recognizer(self) -> Recognizer:
        """One recogniser for all metrics that read transcripts."""
        return Recognizer(self.asr, self.language, self.device)


class Metric(ABC):
    """A metric. Subclasses are found by `hiervox.evaluation.registry`.

    Args:
        context: device, language and recogniser of the run.
        config: an instance of `Settings`.

    Attributes:
        name: what `--metrics` takes.
        measures: one line on what it measures.
        paper: where it comes from.
        needs: the cells of a table's row that it reads, besides `audio`.
        texts, files: further columns of a table that it reads, texts and sound files; `Utterance.texts` and
            `Utterance.files` hold their cells.
        requires: module → package of the registry, for what is not installed with HierVox itself.
        columns: what `score` returns of an utterance and the report shows.
        vectors: further columns that hold arrays; stored, not shown.
        figures: what `summarize` returns.
    """

    name: ClassVar[str]
    measures: ClassVar[str]
    paper: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    texts: ClassVar[tuple[str, ...]] = ()
    files: ClassVar[tuple[str, ...]] = ()
    requires: ClassVar[Mapping[str, str]] = {}
    columns: ClassVar[tuple[str, ...]]
    vectors: ClassVar[tuple[str, ...]] = ()
    figures: ClassVar[Mapping[str, Figure]]

    class Settings(Config):
        """What `--set NAME.KEY=VALUE` may change."""

    def __init__(self, context: Context | None = None, config: Config | None = None) -> None:
        self.context = context or Context()
        self.config: Any = config or self.Settings()

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, str]:
        """Everything that a figure depends on, for the report; read without loading models."""

    def prepare(self) -> None:
        """Load what `score` needs.

        Raises:
            DependencyError: a package or model is not there.
            ConfigError: a setting that the model can't serve.
        """
        for module, package in self.requires.items():
            if find_spec(module) is None:
                raise DependencyError(f"{package} is not installed", f"pip install {package}")
            try:
                import_module(module)
            except (ImportError, OSError, RuntimeError) as error:  # a wheel that another torch refuses
                raise DependencyError(
                    f"{package} can't be imported ({type(error).__name__}: {error})",
                    "install versions of it and of torch that fit",
                ) from error

    def models(self) -> Mapping[str, Path]:
        """Name → file or folder of each network that it uses; asked after `prepare`."""
        return {}

    @abstractmethod
    def score(self, utterance: Utterance) -> Scores | None:
        """The columns of one utterance, those without a value left out; None where there is nothing to score.

        Raises:
            AudioError: a file that can't be read.
        """

    def summarize(self, rows: Sequence[Row]) -> dict[str, Estimate | None]:
        """The figures of one system: by default the mean of each column, or the ratio of two sums."""
        return {
            figure: ratio_of(rows, *shown.ratio) if shown.ratio else mean_of(rows, shown.column or figure)
            for figure, shown in self.figures.items()
        }


def values(rows: Sequence[Row], column: str) -> list[float]:
    """The numbers of a column where there are any."""
    return [float(row.scores[column]) for row in rows if column in row.scores]


def mean_of(rows: Sequence[Row], column: str) -> Estimate | None:
    """The mean of a column, with its interval over the speakers that rows name."""
    known = [row for row in rows if column in row.scores]
    return mean_estimate(values(known, column), speakers_of(known))


def ratio_of(rows: Sequence[Row], upper: str, lower: str) -> Estimate | None:
    """The sum of a column over that of another, with its interval over the speakers that rows name."""
    known = [row for row in rows if upper in row.scores and lower in row.scores]
    return ratio_estimate(values(known, upper), values(known, lower), speakers_of(known))


def speakers_of(rows: Sequence[Row]) -> list[str]:
    """Whose voice each row should have; empty where the table does not say."""
    return [row.utterance.speaker for row in rows]
