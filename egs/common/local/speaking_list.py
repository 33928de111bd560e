"""Print what to speak for the shell: id, prompt, the prompt's text and the text, between tabs."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from hiervox.utils.errors import DataError


def texts_of(table: Path) -> dict[Path, str]:
    """What is said in each recording of a corpus table."""
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {(table.parent / row["audio"]).resolve(): row["text"] for row in rows}


def rows_of(test_list: Path, texts: dict[Path, str]) -> list[list[str]]:
    """The rows of a test list (columns id, text, prompt).

    Raises:
        DataError: a prompt's text is not known.
    """
    with test_list.open(encoding="utf-8", newline="") as stream:
        given = list(csv.DictReader(stream))
    rows = []
    for row in given:
        prompt = (test_list.parent / row["prompt"]).resolve()
        if prompt not in texts:
            raise DataError(f"{prompt} is not in the table", "add it there with its text")
        rows.append([row["id"], str(prompt), texts[prompt], row["text"]])
    return rows


def main() -> None:
    """Parse and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("list", type=Path)
    parser.add_argument("--table", type=Path, required=True, help="the corpus table that holds the prompts")
    arguments = parser.parse_args()
    for row in rows_of(arguments.list, texts_of(arguments.table)):
        sys.stdout.write("\t".join(row) + "\n")


if __name__ == "__main__":
    main()
