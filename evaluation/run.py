"""Scoring a table of recordings with any metrics; an interrupted run goes on where it stopped."""

from __future__ import annotations

import math
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hiervox.evaluation.comparison import compare_systems
from hiervox.evaluation.metric import Context, Metric, Row, Scores
from hiervox.evaluation.provenance import versions
from hiervox.evaluation.recordings import Recordings
from hiervox.evaluation.report import Players, check_folder, write_reports
from hiervox.evaluation.results import Results, ordered_systems
from hiervox.evaluation.sentences import check_list, sentence_list
from hiervox.evaluation.store import ScoreStore, file_checksum, score_key
from hiervox.evaluation.table import Utterance, read_table
from hiervox.utils.errors import AudioError, DataError, HierVoxError, reason
from hiervox.utils.launch import process_of_launch
from hiervox.utils.logging import get_logger

if TYPE_CHECKING:
    import numpy as np

    from hiervox.utils.blocks import Launcher
    from hiervox.utils.config import Config

BLOCK_ROWS = 8
"""Rows that a launcher's process takes at a time."""

_log = get_logger("evaluate")


def evaluate(
    table: Path | Sequence[Utterance],
    out: Path,
    metrics: Sequence[Metric],
    left_out: Mapping[str, str] | None = None,
    frozen: Path | None = None,
    players: Players = "flac",
    overwrite: bool = False,
    progress: Callable[[Sequence[Utterance]], Iterable[Utterance]] = iter,
    launcher: Launcher | None = None,
) -> Results | None:
    """Score every row of a table and write the report into the folder `out`.

    A score is kept as soon as it is there; a row is scored again by a metric only when what that metric
    reads, or its settings or networks, have changed. Under `accelerate launch` the processes share the rows.

    Args:
        table: a CSV file as `read_table` reads it, or rows.
        out: for the scores and the report.
        metrics: ready to score, as `build_metrics` gives them.
        left_out: metric → why it can't run, for the report.
        frozen: a list of an earlier evaluation, whose sentences these have to be.
        players: how the page holds recordings.
        overwrite: whether files in `out` that no evaluation wrote may be replaced.
        progress: passes the rows on and says how far they are.
        launcher: of other processes that score blocks of `BLOCK_ROWS` rows that are left, with the same
            metrics; None for this one.

    Returns:
        What the report shows; None in all processes but the first.

    Raises:
        DataError: the table or the frozen list can't be used.
        ConfigError: `out` can't be written, or holds something else, see `check_folder`; or as
            `process_of_launch`.
        AudioError: a recording can't be used; names the row.
    """
    process, processes = process_of_launch(meet=True)
    utterances = read_table(table) if isinstance(table, Path) else list(table)
    if frozen is not None:
        check_list(frozen, utterances)
    read = [file for metric in metrics for file in metric.models().values()]
    check_folder(out, utterances, overwrite, frozen, [*read, table] if isinstance(table, Path) else read)
    models = {metric.name: _checksums(metric) for metric in metrics}
    keys = {
        (row, metric.name): score_key(metric, row, models[metric.name])
        for row in utterances
        for metric in metrics
    }
    with ScoreStore(out, process) as store:
        # shared by place in the table, not by what is left, which another process may have changed by now
        own = utterances[process::processes]
        left = [row for row in own if any(keys[row, metric.name] not in store for metric in metrics)]
        if len(left) < len(own):
            _log.info("%d of %d rows are scored already", len(own) - len(left), len(own))
        if launcher is None:
            _score_rows(progress(left), metrics, keys, store, table)
        elif left:
            work = _Scoring.of(metrics, left, keys, out, table if isinstance(table, Path) else None)
            _launch(work, launcher, progress)
    _wait_for_others(processes)
    if process:
        return None
    store.load()
    results = _results(utterances, metrics, left_out or {}, keys, store, models)
    write_reports(out, results, players)
    return results


def _checksums(metric: Metric) -> dict[str, str]:
    return {name: file_checksum(path) for name, path in metric.models().items()}


@dataclass(frozen=True)
class _Scoring:
    """The rows that are left to score, in blocks of `BLOCK_ROWS`, which are done by number.

    Attributes:
        metrics: their classes and settings; a process builds its own.
        context: of all metrics, without what they share in a process.
        rows: to score.
        keys: of each row, the key of each metric's scores.
        out: the run's folder.
        table: for messages.
    """

    metrics: Sequence[tuple[type[Metric], Config]]
    context: Context
    rows: Sequence[Utterance]
    keys: Sequence[Sequence[str]]
    out: Path
    table: Path | None

    @classmethod
    def of(
        cls,
        metrics: Sequence[Metric],
        rows: Sequence[Utterance],
        keys: Mapping[tuple[Utterance, str], str],
        out: Path,
        table: Path | None,
    ) -> _Scoring:
        shared = metrics[0].context
        return cls(
            [(type(metric), metric.config) for metric in metrics],
            Context(shared.device, shared.language, shared.asr),
            rows,
            [[keys[row, metric.name] for metric in metrics] for row in rows],
            out,
            table,
        )

    def open(self, device: str) -> Callable[[int], None]:
        """See `BlockWork`."""
        context = replace(self.context, device=device, recordings=Recordings())
        metrics = [metric(context, config) for metric, config in self.metrics]
        for metric in metrics:
            metric.prepare()
        store = ScoreStore(self.out, f"{socket.gethostname()}-{os.getpid()}")
        store.load()

        def score_block(number: int) -> None:
            block = self.block(number)
            keys = {
                (self.rows[row], metric.name): key
                for row in block
                for metric, key in zip(metrics, self.keys[row], strict=True)
            }
            _score_rows([self.rows[row] for row in block], metrics, keys, store, self.table or ())

        return score_block

    def block(self, number: int) -> range:
        """Of the rows."""
        return range(number * BLOCK_ROWS, min(len(self.rows), (number + 1) * BLOCK_ROWS))


def _launch(
    work: _Scoring, launcher: Launcher, progress: Callable[[Sequence[Utterance]], Iterable[Utterance]]
) -> None:
    told: Iterator[Utterance] = iter(progress(work.rows))
    for number in launcher.run(work, range(-(-len(work.rows) // BLOCK_ROWS))):
        for _ in work.block(number):
            next(told, None)
    next(told, None)


def _score_rows(
    rows: Iterable[Utterance],
    metrics: Sequence[Metric],
    keys: Mapping[tuple[Utterance, str], str],
    store: ScoreStore,
    table: Path | Sequence[Utterance],
) -> None:
    name = f"{table} " if isinstance(table, Path) else ""
    for row in rows:
        for metric in metrics:
            key = keys[row, metric.name]
            if key in store:
                continue
            try:
                store.add(key, _finite(metric.score(row) or {}))
            except AudioError as error:
                raise AudioError(f"{name}{row.place}: {error.problem}", error.hint) from error
            except (HierVoxError, OSError):
                raise
            except Exception as error:  # whatever a metric of another package raises
                raise DataError(
                    f"the metric {metric.name} failed on {name}{row.place} ({reason(error)})",
                    "correct the metric, or leave it out of --metrics",
                ) from error


def _finite(scores: Scores) -> Scores:
    """Without the numbers that no mean, table or page can hold."""
    return {
        name: value for name, value in scores.items() if not isinstance(value, float) or math.isfinite(value)
    }


def _wait_for_others(processes: int) -> None:
    if processes > 1:
        from accelerate import PartialState

        PartialState(cpu=True).wait_for_everyone()


def _results(
    utterances: Sequence[Utterance],
    metrics: Sequence[Metric],
    left_out: Mapping[str, str],
    keys: Mapping[tuple[Utterance, str], str],
    store: ScoreStore,
    models: Mapping[str, Mapping[str, str]],
) -> Results:
    systems = ordered_systems(utterances)
    rows = {
        metric.name: [Row(row, store.get(keys[row, metric.name])) for row in utterances] for metric in metrics
    }
    summary = {
        system: {
            figure: estimate
            for metric in metrics
            for figure, estimate in metric.summarize(_scored(rows[metric.name], system)).items()
        }
        for system in systems
    }
    columns = [column for metric in metrics for column in metric.columns]
    scores = _merge(utterances, metrics, rows)
    figures = {name: figure for metric in metrics for name, figure in metric.figures.items()}
    return Results(
        utterances=utterances,
        columns=columns,
        scores=scores,
        summary=summary,
        comparisons=_comparisons(systems, utterances, scores, metrics),
        figures=figures,
        metrics={metric.name: metric for metric in metrics},
        left_out=left_out,
        settings={key: value for metric in metrics for key, value in metric.settings.items()},
        versions=versions(metrics),
        models={name: checksum for of_metric in models.values() for name, checksum in of_metric.items()},
        sentences=sentence_list(utterances),
    )


def _scored(rows: Sequence[Row], system: str) -> list[Row]:
    return [row for row in rows if row.utterance.system == system and row.scores]


def _merge(
    utterances: Sequence[Utterance], metrics: Sequence[Metric], rows: Mapping[str, Sequence[Row]]
) -> dict[Utterance, Scores]:
    merged: dict[Utterance, dict[str, float | str | np.ndarray]] = {row: {} for row in utterances}
    for metric in metrics:
        for row in rows[metric.name]:
            merged[row.utterance].update(
                {name: row.scores[name] for name in metric.columns if name in row.scores}
            )
    return dict(merged)


def _comparisons(
    systems: Sequence[str],
    utterances: Sequence[Utterance],
    scores: Mapping[Utterance, Scores],
    metrics: Sequence[Metric],
) -> dict[str, list]:
    found = {}
    for metric in metrics:
        for figure, shown in metric.figures.items():
            upper, lower = shown.ratio or (shown.column or figure, "")
            if shown.better == "neither" or upper not in metric.columns:
                continue
            known = [
                row for row in utterances if upper in scores[row] and (not lower or lower in scores[row])
            ]
            values, denominators = (
                {
                    system: {row.id: float(scores[row][column]) for row in known if row.system == system}
                    for system in systems
                }
                if column
                else None
                for column in (upper, lower)
            )
            speakers = {row.id: row.speaker for row in utterances}
            found[figure] = compare_systems(values or {}, speakers, denominators)
    return found
