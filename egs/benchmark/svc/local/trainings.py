"""Write what each training of the benchmark took: steps and processor time."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from hiervox.utils.files import write_text

HEAD = """\
## Trainings

A line each; what a recipe's other systems share, such as the vocoder, is trained once and counts in each.

| system | part | steps | processor seconds |
|---|---|---|---|
"""


def last_row(path: Path) -> dict[str, Any] | None:
    """Of JSON lines; None where there is no file."""
    if not path.is_file():
        return None
    row: dict[str, Any] = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
    return row


def line(folder: Path) -> str:
    """Of the run in `folder`, by its budget, or by its metrics where it had none."""
    spent = last_row(folder / "budget.jsonl")
    steps = spent or last_row(folder / "metrics.jsonl") or {"step": 0}
    seconds = f"{spent['seconds']:.0f}" if spent else "n/a"
    return f"| {folder.parent.parent.name} | {folder.name} | {steps['step']} | {seconds} |"


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trained", type=Path, required=True, help="folder of a folder for each system")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    runs = [run for run in sorted(given.trained.glob("*/runs/*")) if run.is_dir() and not run.is_symlink()]
    write_text(given.out, HEAD + "\n".join(map(line, runs)) + "\n")


if __name__ == "__main__":
    main()
