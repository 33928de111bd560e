"""`--table`: many sounds of one process, a row each, which may name voices of their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from hiervox.utils.csv_tables import read_csv
from hiervox.utils.errors import ConfigError, DataError
from hiervox.utils.files import is_file

TEXT, SOURCE = "text", "source"
"""The column of what is said, and of the recording that is converted."""
OPTIONAL = ("prompt", "voice", "out", "id")
OF_TEST_LISTS = ("reference", "speaker")
"""Columns that evaluation reads, which are left aside here."""
ALIASES = {"name": "id"}

TableOption = Annotated[
    Path | None,
    typer.Option(
        help="CSV: a sound a row; the guide has its columns. With --out-dir, in place of the input."
    ),
]


class OwnVoice(NamedTuple):
    """Whom a row speaks like; both empty where the options of the verb say so.

    Attributes:
        prompt: `FILE` or `FILE:WEIGHT`, as `--prompt` takes it.
        voice: `NAME` or `NAME:WEIGHT`, as `--voice` takes it.
    """

    prompt: str = ""
    voice: str = ""


NO_VOICE = OwnVoice()


@dataclass(frozen=True)
class Row:
    """One sound to make.

    Attributes:
        place: what messages call it.
        content: what is said, or the recording that is converted.
        like: its own voice.
    """

    place: str
    content: str
    like: OwnVoice = NO_VOICE


def read_rows(table: Path, column: str, out: object, out_dir: Path | None) -> dict[Path, Row]:
    """Sound file → row of a table.

    Args:
        table: its files are relative to it.
        column: `TEXT` or `SOURCE`, which each row has to fill.
        out: the option that names one sound, which a table does not go with.
        out_dir: of the sounds, named by the column `out`, as ID.wav by `id`, or numbered from 0001.wav on.

    Raises:
        ConfigError: no folder is named, or two rows make one sound.
        DataError: a table that can't be read; names the row or column.
    """
    if out is not None or out_dir is None:
        raise ConfigError("a table makes several files", "give --out-dir, and no --out")
    read = read_csv(table, ALIASES)
    shown = (column, *OPTIONAL)
    read.check_columns((TEXT, SOURCE, *OPTIONAL, *OF_TEST_LISTS), (column,), shown)
    rows: dict[Path, Row] = {}
    for number, (line, cells) in enumerate(read.rows, start=1):
        content, prompt = cells[column], cells.get("prompt", "")
        place = f"row {line} of {table}"
        if column == SOURCE:
            if not is_file(table.parent / content):
                raise DataError(
                    f"{place}: no source file {table.parent / content}",
                    "correct the path, which is relative to the table",
                )
            content = str(table.parent / content)
        named = f"{cells['id']}.wav" if cells.get("id") else f"{number:04d}.wav"
        target = out_dir / (cells.get("out") or named)
        if target in rows:
            raise ConfigError(f"{rows[target].place} and row {line} both make {target}", "rename one of them")
        like = OwnVoice(prompt and str(table.parent / prompt), cells.get("voice", ""))
        rows[target] = Row(place, content, like)
    return rows
