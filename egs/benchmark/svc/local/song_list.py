"""The list of songs and of the singers that they are converted to, and its hash."""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
from pathlib import Path

from hiervox.utils.files import write_text

COLUMNS = ("id", "text", "prompt", "reference")


def main() -> None:
    """Parse and write LIST.csv and LIST.sha256."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversions", type=Path, required=True, help="CSV: id, text, source, prompt")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
    writer.writeheader()
    with given.conversions.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            writer.writerow({name: row["source" if name == "reference" else name] for name in COLUMNS})
    write_text(given.out, table.getvalue())
    songs = "\n".join(sorted(line.split(",", 1)[0] for line in table.getvalue().splitlines()[1:]))
    write_text(given.out.with_suffix(".sha256"), hashlib.sha256(songs.encode()).hexdigest() + "\n")


if __name__ == "__main__":
    main()
