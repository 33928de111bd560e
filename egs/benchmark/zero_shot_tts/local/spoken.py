"""Write the table that `hiervox evaluate` reads of all that was spoken of one list."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from pathlib import Path

from trials import spoken

from hiervox.utils.errors import DataError, HierVoxError
from hiervox.utils.files import write_text

sys.path.insert(0, str(Path(__file__).parents[3] / "common" / "local"))
from systems_table import table_rows


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exp", type=Path, required=True)
    parser.add_argument("--list", required=True, help="name of EXP/lists/NAME.csv")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    systems = dict(spoken(arguments.exp, arguments.list))
    if not systems:
        raise DataError(f"nothing was spoken of the list {arguments.list}", "run the stage speak before")
    rows = table_rows(arguments.exp / "lists" / f"{arguments.list}.csv", systems)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(arguments.out, text.getvalue())


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"spoken.py: {error}")
