"""Tables on the terminal, and the same for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def echo_table(rows: Sequence[Sequence[str]], as_json: bool = False) -> None:
    """Print rows of cells, the first of them the header.

    A terminal gets columns that fit its width; a pipe gets each row on one line; JSON is a list of objects.
    """
    if as_json:
        echo_json(as_objects(rows))
    elif sys.stdout.isatty():
        _echo_on_terminal(rows)
    else:
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            typer.echo("  ".join(cells).rstrip())


def as_objects(rows: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """Header → cell of each row behind the header."""
    header, *others = rows
    return [dict(zip(header, row, strict=True)) for row in others]


def echo_json(tree: Any) -> None:
    """Print a JSON tree."""
    typer.echo(json.dumps(tree, ensure_ascii=False, indent=2))


def _echo_on_terminal(rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    header, *others = rows
    table = Table(box=None, pad_edge=False, header_style="bold")
    for cell in header:
        table.add_column(Text(cell))
    for row in others:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)
