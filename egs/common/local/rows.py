"""Print columns of a test list for the shell: a line a row, cells between tabs, file names absolute."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from hiervox.utils.errors import DataError

FILE_COLUMNS = ("prompt", "reference", "source")


def read_list(path: Path) -> list[dict[str, str]]:
    """The rows of a test list (CSV); files, which are relative to the list, become absolute.

    Raises:
        DataError: no list, a missing cell or file, an id that occurs twice; names the line.
    """
    if not path.is_file():
        raise DataError(f"no test list {path}", "check the path")
    rows: list[dict[str, str]] = []
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            for column, cell in row.items():
                if not cell or "\t" in cell or "\n" in cell:
                    raise DataError(f"{where} has no usable {column}", "fill in the cell, on one line")
                if column in FILE_COLUMNS:
                    row[column] = str((path.parent / cell).resolve())
                    if not Path(row[column]).is_file():
                        raise DataError(f"{where}: no {column} file {cell}", "correct the path")
            if any(row["id"] == other["id"] for other in rows):
                raise DataError(f"{where} repeats the id {row['id']}", "give every row its own")
            rows.append(row)
    return rows


def rows_to_make(path: Path, out: Path) -> list[dict[str, str]]:
    """The rows of a test list whose sounds, OUT/ID.wav, are not there yet."""
    return [row for row in read_list(path) if not (out / f"{row['id']}.wav").exists()]


def main() -> None:
    """Parse and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("list", type=Path)
    parser.add_argument("columns", nargs="+")
    arguments = parser.parse_args()
    for row in read_list(arguments.list):
        sys.stdout.write("\t".join(row[column] for column in arguments.columns) + "\n")


if __name__ == "__main__":
    main()
