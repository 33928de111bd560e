"""Write the table that `hiervox evaluate` reads: recordings, synthesized sentences and converted voices."""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path

from rows import read_list

from hiervox.evaluation.table import COLUMNS
from hiervox.utils.files import write_text

UNCONVERTED = "vc_source"
"""The unconverted sources: their likeness to the prompt is what conversion has to beat."""


def evaluation_rows(
    tts_list: Path | None, vc_list: Path, folder: Path, rates: list[int]
) -> list[dict[str, str]]:
    """One row a recording: ground truth, `tts_<rate>/<id>.wav` of every rate, sources, `vc/<id>.wav`."""
    rows = []
    sentences, pairs = read_list(tts_list) if tts_list else [], read_list(vc_list)
    for row in sentences:
        rows.append({**row, "system": "ground_truth", "audio": row["reference"]})
    for rate in rates:
        system = f"tts_{rate}"
        rows += [
            {**row, "system": system, "audio": str(folder / system / f"{row['id']}.wav")} for row in sentences
        ]
    for system, audio in ((UNCONVERTED, None), ("vc", folder / "vc")):
        for row in pairs:
            heard = row["source"] if audio is None else str(audio / f"{row['id']}.wav")
            rows.append({**row, "system": system, "audio": heard, "reference": row["source"]})
    return [{column: row[column] for column in COLUMNS} for row in rows]


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tts-list", type=Path, help="of a system that speaks, too")
    parser.add_argument("--vc-list", type=Path, required=True)
    parser.add_argument("--wavs", type=Path, required=True, help="folder with tts_<rate>/ and vc/")
    parser.add_argument("--rates", type=int, nargs="+", default=[])
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    rows = evaluation_rows(arguments.tts_list, arguments.vc_list, arguments.wavs.resolve(), arguments.rates)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(arguments.out, text.getvalue())


if __name__ == "__main__":
    main()
