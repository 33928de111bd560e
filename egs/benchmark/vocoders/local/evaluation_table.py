"""Write the table that `hiervox evaluate` reads: what each vocoder made of the recordings, beside them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated

import typer

from hiervox.evaluation.table import GROUND_TRUTH
from hiervox.utils.files import write_text

COLUMNS = ("id", "system", "audio", "reference")


def table_rows(exp: Path, systems: list[str]) -> list[tuple[str, str, str, str]]:
    """The recordings at the first vocoder's rate, then what each made; a reference has its vocoder's rate."""
    first = sorted((exp / systems[0] / "wavs" / "recorded").glob("*.wav"))
    rows = [(wav.stem, GROUND_TRUTH, str(wav), str(wav)) for wav in first]
    for system in systems:
        wavs = exp / system / "wavs"
        for wav in sorted((wavs / "generated").glob("*.wav")):
            rows.append((wav.stem, system, str(wav), str(wavs / "recorded" / wav.name)))
    return rows


def main(
    exp: Annotated[Path, typer.Option(help="Folder of the benchmark: SYSTEM/wavs.")],
    systems: Annotated[str, typer.Option(help="By commas.")],
    out: Annotated[Path, typer.Option(help="CSV.")],
) -> None:
    """Write."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([COLUMNS, *table_rows(exp.resolve(), systems.split(","))])
    write_text(out, text.getvalue())


if __name__ == "__main__":
    typer.run(main)
