"""Write what is said in each recording of a manifest as a table (CSV: audio, text)."""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path

from hiervox.models.base.data.manifest import audio_path, read_cuts, text_of
from hiervox.utils.files import write_text


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("audio", "text"))
    for cut in read_cuts(arguments.cuts):
        writer.writerow((str(Path(audio_path(cut)).resolve()), text_of(cut) or ""))
    write_text(arguments.out, text.getvalue())


if __name__ == "__main__":
    main()
