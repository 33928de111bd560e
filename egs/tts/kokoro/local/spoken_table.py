"""Write the table that `hiervox evaluate` reads, of sentences that were spoken: `WAVS/ID.wav`."""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path

from hiervox.evaluation.table import COLUMNS
from hiervox.utils.files import write_text


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=Path, required=True, help="CSV: id, text, voice")
    parser.add_argument("--wavs", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    with given.sentences.open(encoding="utf-8", newline="") as stream:
        rows = [
            {
                **dict.fromkeys(COLUMNS, ""),
                "id": row["id"],
                "system": "kokoro",
                "audio": str((given.wavs / f"{row['id']}.wav").resolve()),
                "text": row["text"],
                "speaker": row["voice"],
            }
            for row in csv.DictReader(stream)
        ]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(given.out, text.getvalue())


if __name__ == "__main__":
    main()
