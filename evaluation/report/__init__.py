"""What an evaluation leaves: CSV by utterance, JSON, Markdown, and a page to look at and listen to."""

from __future__ import annotations

from pathlib import Path

from hiervox.evaluation.report.media import Players
from hiervox.evaluation.report.page import report_page
from hiervox.evaluation.report.tables import IDENTITY_COLUMNS, as_json, markdown, utterances_csv
from hiervox.evaluation.results import Results
from hiervox.evaluation.sentences import LIST_NAME
from hiervox.utils.errors import ConfigError, DataError
from hiervox.utils.files import require_writable, write_json, write_text

UTTERANCES_NAME = "utterances.csv"
SUMMARY_NAME = "summary.json"
REPORT_NAME = "summary.md"
PAGE_NAME = "report.html"

__all__ = [
    "PAGE_NAME",
    "REPORT_NAME",
    "SUMMARY_NAME",
    "UTTERANCES_NAME",
    "Players",
    "check_folder",
    "write_reports",
]


def check_folder(folder: Path) -> None:
    """Refuse a folder that a report can't be written into, before any work is done.

    Raises:
        ConfigError: it is a file, or files can't be made in it.
        DataError: it holds an `utterances.csv` that no evaluation wrote.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is not a folder", "choose another --out")
    try:
        require_writable(folder)
    except OSError as error:
        raise ConfigError(f"can't write into {folder} ({error.strerror})", "choose another --out") from error
    table = folder / UTTERANCES_NAME
    if table.exists():
        with table.open("rb") as stream:
            header = stream.readline().decode("utf-8", "replace").strip().split(",")
        if tuple(header[: len(IDENTITY_COLUMNS)]) != IDENTITY_COLUMNS:
            raise DataError(f"{table} is not of an evaluation", "choose another --out")


def write_reports(folder: Path, results: Results, players: Players = "flac") -> None:
    """Write all reports; what is there of an earlier run is replaced."""
    write_text(folder / UTTERANCES_NAME, utterances_csv(results))
    write_json(folder / SUMMARY_NAME, as_json(results))
    write_json(folder / LIST_NAME, results.sentences)
    write_text(folder / PAGE_NAME, report_page(results, players))
    write_text(folder / REPORT_NAME, markdown(results))
