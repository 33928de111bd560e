"""What is spoken and converted in each precision, and what is judged: OUT/tts.csv, vc.csv and table.csv."""

from __future__ import annotations

import argparse
import csv
import sys
from itertools import cycle
from pathlib import Path

from hiervox.utils.csv_tables import read_csv
from hiervox.utils.errors import HierVoxError

TASKS = ("tts", "vc")
FEWEST_LETTERS = 30
"""Of a text."""


def lists(corpus: Path, items: int) -> dict[str, list[dict[str, str]]]:
    """Task → rows: sentences of a corpus's table, or their recordings, in the voices of its test set."""
    found = []
    prompts = cycle(corpus / row["audio"] for _, row in read_csv(corpus / "test.csv", {}).rows)
    for _, row in read_csv(corpus / "table.csv", {}).rows:
        text, source = row["text"], corpus / row["audio"]
        if len(found) < items and text[0].isupper() and text[-1] == "." and len(text) >= FEWEST_LETTERS:
            prompt = next(other for other in prompts if other.parent != source.parent)
            found.append({"id": source.stem, "text": text, "source": str(source), "prompt": str(prompt)})
    return {task: [{**row, "out": f"{row['id']}.wav"} for row in found] for task in TASKS}


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder with table.csv and test.csv")
    parser.add_argument("--items", type=int, default=40, help="sentences, and recordings")
    parser.add_argument("--precisions", nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    made = lists(arguments.corpus.resolve(), arguments.items)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for task, rows in made.items():
        _write(arguments.out / f"{task}.csv", rows, ("out", "text" if task == "tts" else "source", "prompt"))
    judged = [
        {
            **row,
            "id": f"{task} {row['id']}",
            "system": f"{task}, {precision}",
            "audio": str((arguments.out / precision / task / row["out"]).resolve()),
        }
        for precision in arguments.precisions
        for task, rows in made.items()
        for row in rows
    ]
    _write(arguments.out / "table.csv", judged, ("id", "system", "audio", "text", "prompt"))


def _write(path: Path, rows: list[dict[str, str]], columns: tuple[str, ...]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"precision_lists.py: {error}")
