"""What an evaluation leaves: CSV by utterance, JSON, Markdown, and a page to look at and listen to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from hiervox.evaluation.report.media import Players
from hiervox.evaluation.report.page import TITLE, report_page
from hiervox.evaluation.report.tables import IDENTITY_COLUMNS, as_json, markdown, utterances_csv
from hiervox.evaluation.results import Results
from hiervox.evaluation.sentences import LIST_NAME
from hiervox.evaluation.store import FOLDER, is_score_file
from hiervox.evaluation.table import ALL_COLUMNS, Utterance, files_of_rows
from hiervox.utils.errors import ConfigError
from hiervox.utils.files import all_or_nothing, write_json, write_text
from hiervox.utils.json_files import parse_json, read_json
from hiervox.utils.outputs import check_outputs

UTTERANCES_NAME = "utterances.csv"
SUMMARY_NAME = "summary.json"
REPORT_NAME = "summary.md"
PAGE_NAME = "report.html"
NAMES = (UTTERANCES_NAME, SUMMARY_NAME, LIST_NAME, PAGE_NAME, REPORT_NAME)
TABLE_COLUMNS = set(ALL_COLUMNS) - set(IDENTITY_COLUMNS)
"""Of what an evaluation reads, and never of what it writes."""

__all__ = [
    "PAGE_NAME",
    "REPORT_NAME",
    "SUMMARY_NAME",
    "UTTERANCES_NAME",
    "Players",
    "check_folder",
    "write_reports",
]


def check_folder(
    folder: Path,
    rows: Sequence[Utterance],
    overwrite: bool,
    frozen: Path | None = None,
    inputs: Iterable[Path | None] = (),
) -> None:
    """Refuse a folder that an evaluation can't be written into, before any work is done.

    Args:
        folder: for the scores and the reports.
        rows: that are scored.
        overwrite: whether files that no evaluation wrote may be replaced.
        frozen: a list whose sentences are those of the rows; the folder's own is written again as it is.
        inputs: what is read beside all that.

    Raises:
        ConfigError: it is a file, files can't be made in it, or one of its files is read or, without
            `overwrite`, was not written by an evaluation.
    """
    if (scores := folder / FOLDER).exists() and not scores.is_dir():
        raise ConfigError(f"{scores} is not a folder", "choose another --out")
    files = [*(folder / name for name in NAMES), *scores.glob("*.jsonl")]
    if frozen is not None and os.path.realpath(frozen) == os.path.realpath(folder / LIST_NAME):
        frozen = None
    read = chain([frozen], inputs, files_of_rows(rows))
    check_outputs(files, overwrite, inputs=read, is_own=is_of_evaluation)


def is_of_evaluation(file: Path) -> bool:
    """Whether a file is one of those that an evaluation has written into its folder together, or scores."""
    if file.parent.name == FOLDER:
        return is_score_file(file)
    try:
        digest = read_json(file.parent / SUMMARY_NAME)["list_sha256"]
        if file.name == SUMMARY_NAME:
            return True
        text = file.read_text(encoding="utf-8")
        if file.name == LIST_NAME:
            return bool(parse_json(text)["sha256"] == digest)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False
    if file.name == UTTERANCES_NAME:
        columns = tuple(text.partition("\n")[0].split(","))
        return columns[: len(IDENTITY_COLUMNS)] == IDENTITY_COLUMNS and not {*columns} & {*TABLE_COLUMNS}
    return digest in text if file.name == REPORT_NAME else f"<title>{TITLE}</title>" in text


def write_reports(folder: Path, results: Results, players: Players = "flac") -> None:
    """Write all reports or none; what is there of an earlier run is replaced."""
    with all_or_nothing(folder, last=REPORT_NAME) as stage:
        write_text(stage / UTTERANCES_NAME, utterances_csv(results))
        write_json(stage / SUMMARY_NAME, as_json(results))
        write_json(stage / LIST_NAME, results.sentences)
        write_text(stage / PAGE_NAME, report_page(results, players))
        write_text(stage / REPORT_NAME, markdown(results))
