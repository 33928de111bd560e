"""Reading tables that users write: CSV, or TSV by the suffix, with a header."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hiervox.utils.errors import DataError
from hiervox.utils.files import is_file
from hiervox.utils.registry import nearest


@dataclass(frozen=True)
class CsvTable:
    """A table as it was read.

    Attributes:
        path: of the file.
        columns: of the header, in order.
        rows: line number, the header being line 1, and column → cell without blanks around it.
    """

    path: Path
    columns: Sequence[str]
    rows: Sequence[tuple[int, Mapping[str, str]]]

    def check_columns(self, known: Sequence[str], required: Sequence[str], shown: Sequence[str]) -> None:
        """Refuse columns that nobody reads, that stand twice, or that are missing.

        Args:
            known: all that are understood.
            required: those that have to be there, and filled in each row.
            shown: what a message says that the columns are.

        Raises:
            DataError: names the column, or the row.
        """
        for column in self.columns:
            if column not in known:
                raise DataError(f"{self.path} has an unknown column {column!r}", nearest(column, known))
            if self.columns.count(column) > 1:
                raise DataError(f"{self.path} has the column {column!r} twice", "remove one")
        for column in required:
            if column not in self.columns:
                raise DataError(f"{self.path} has no column {column!r}", f"its columns are {','.join(shown)}")
        for row, cells in self.rows:
            for column in required:
                if not cells[column]:
                    raise DataError(
                        f"{self.path} row {row} has no {column}", "fill in the cell or remove the row"
                    )
        if not self.rows:
            raise DataError(f"{self.path} has no rows", f"give one row a recording with {','.join(shown)}")


def read_csv(path: Path, aliases: Mapping[str, str]) -> CsvTable:
    """Read a table; its columns are checked by `CsvTable.check_columns`.

    Args:
        path: of the file; tabs part the cells of a `.tsv`, commas those of any other.
        aliases: other names that a header may use → the column.

    Raises:
        DataError: no file, not a UTF-8 table, or a row with more cells than the header.
    """
    if not is_file(path):
        raise DataError(f"no table {path}", "check the path")
    rows = []
    try:
        # utf-8-sig: spreadsheets put a byte order mark at the start
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
            columns = [aliases.get(column, column) for column in reader.fieldnames or []]
            reader.fieldnames = columns
            for cells in reader:
                if None in cells:
                    raise DataError(
                        f"{path} row {reader.line_num} has more cells than the header",
                        "quote cells that hold a comma",
                    )
                stripped = {column: (cell or "").strip() for column, cell in cells.items()}
                rows.append((reader.line_num, stripped))
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not a UTF-8 CSV table ({error})", "export it again") from error
    return CsvTable(path, columns, rows)
