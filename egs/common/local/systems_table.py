"""Write the table that `hiervox evaluate` reads: recordings, and what systems made in their place."""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path

from hiervox.evaluation.table import COLUMNS
from hiervox.utils.files import write_text

FILES = ("prompt", "reference")


def columns_of(rows: list[dict[str, str]]) -> tuple[str, ...]:
    """Of the table: with the speakers, where the list names them."""
    return (*COLUMNS, "speaker") if "speaker" in rows[0] else COLUMNS


def table_rows(test_list: Path, systems: dict[str, Path]) -> list[dict[str, str]]:
    """One row a recording: ground truth, then `<folder>/<id>.wav` of each system."""
    with test_list.open(encoding="utf-8", newline="") as stream:
        given = list(csv.DictReader(stream))
    for row in given:
        row.update({name: str((test_list.parent / row[name]).resolve()) for name in FILES})
    rows = [{**row, "system": "ground_truth", "audio": row["reference"]} for row in given]
    for system, folder in systems.items():
        rows += [{**row, "system": system, "audio": str(folder / f"{row['id']}.wav")} for row in given]
    columns = columns_of(given)
    return [{column: row.get(column, "") for column in columns} for row in rows]


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", type=Path, required=True, help="CSV: id, text, prompt, reference")
    parser.add_argument("--systems", nargs="+", required=True, metavar="NAME=FOLDER")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    systems = {
        name: Path(folder).resolve() for name, _, folder in (one.partition("=") for one in arguments.systems)
    }
    text = io.StringIO()
    rows = table_rows(arguments.list, systems)
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(arguments.out, text.getvalue())


if __name__ == "__main__":
    main()
