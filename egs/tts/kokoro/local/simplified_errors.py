"""Character errors of Mandarin in one script: Whisper writes it in simplified or in traditional characters.

Reads the CSV of `hiervox evaluate` and the sentences; needs the package opencc-python-reimplemented.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

import jiwer
from opencc import OpenCC


def main() -> None:
    """Print the rate over all sentences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=Path, required=True, help="CSV: id, text")
    parser.add_argument("--scores", type=Path, required=True, help="CSV: id, heard")
    given = parser.parse_args()
    simplify = OpenCC("t2s").convert
    texts = {row["id"]: _letters(row["text"]) for row in _rows(given.sentences)}
    heard = {row["id"]: _letters(simplify(row["heard"])) for row in _rows(given.scores)}
    rate = jiwer.cer([texts[name] for name in heard], list(heard.values()))
    sys.stdout.write(f"{len(heard)} sentences: CER {100 * rate:.1f} %\n")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


if __name__ == "__main__":
    main()
