"""Judging a table of recordings; an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from tqdm import tqdm

from hiervox.evaluation.estimate import Estimate
from hiervox.evaluation.metric import Metric, Scores
from hiervox.evaluation.report import UTTERANCES_NAME, ordered, read_scores, write_summary, write_utterances
from hiervox.evaluation.table import Utterance, read_table
from hiervox.utils.errors import AudioError
from hiervox.utils.logging import get_logger

SAVE_EVERY = 20
CHUNK_BYTES = 1 << 20

_log = get_logger("evaluate")


def fingerprint(utterance: Utterance, settings: Mapping[str, str]) -> str:
    """A digest of everything that the scores of one row depend on: its cells, the sounds, the settings."""
    digest = hashlib.sha256(json.dumps([settings, utterance.text], sort_keys=True).encode())
    for file in (utterance.audio, utterance.prompt, utterance.reference):
        digest.update(b"absent" if file is None else _content(file))
    return digest.hexdigest()[:16]


def _content(file: Path) -> bytes:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.digest()


def evaluate(table: Path, out: Path, metrics: Sequence[Metric]) -> None:
    """Score every row of `table` and write the report into the folder `out`.

    Scores are saved every few rows; a row whose sounds, text and settings are those of a saved one is not
    scored again.

    Raises:
        DataError: the table can't be used.
        AudioError: a recording can't be used; names the row.
        DependencyError: a metric's package or model is not there.
    """
    utterances = read_table(table)
    columns = [column for metric in metrics for column in metric.columns]
    settings = {key: value for metric in metrics for key, value in metric.settings.items()}
    saved = read_scores(out / UTTERANCES_NAME, columns)
    prints = {utterance: fingerprint(utterance, settings) for utterance in utterances}
    scores: dict[Utterance, Scores] = {row: saved[mark] for row, mark in prints.items() if mark in saved}
    if scores:
        _log.info("%d of %d rows are scored already", len(scores), len(utterances))
    left = [row for row in utterances if row not in scores]
    try:
        for number, utterance in enumerate(tqdm(left, desc="evaluate", unit="row", disable=None), start=1):
            scores[utterance] = _score(table, utterance, metrics)
            if number % SAVE_EVERY == 0:
                write_utterances(out / UTTERANCES_NAME, utterances, scores, prints, columns)
    finally:
        if scores:
            write_utterances(out / UTTERANCES_NAME, utterances, scores, prints, columns)
    counts = Counter(row.system for row in utterances)
    summary = {system: _summarise(system, scores, metrics) for system in ordered(counts)}
    write_summary(out, metrics, summary, counts)


def _score(table: Path, utterance: Utterance, metrics: Sequence[Metric]) -> Scores:
    found: dict[str, float | str] = {}
    for metric in metrics:
        try:
            found.update(metric.score(utterance) or {})
        except AudioError as error:
            raise AudioError(f"{table} {utterance.place}: {error.problem}", error.mend) from error
    return found


def _summarise(
    system: str, scores: Mapping[Utterance, Scores], metrics: Sequence[Metric]
) -> dict[str, Estimate | None]:
    figures: dict[str, Estimate | None] = {}
    for metric in metrics:
        metric.reset()
        for utterance, found in scores.items():
            own = {column: found[column] for column in metric.columns if column in found}
            if utterance.system == system and own:
                metric.update(own)
        figures.update(metric.compute())
    return figures
