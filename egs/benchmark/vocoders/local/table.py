"""One table of the figures of all vocoders of a benchmark."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from statistics import mean
from typing import Annotated

import typer

LEFT_OUT = {"id", "system", "audio"}


def main(
    exp: Annotated[Path, typer.Option(help="Folder of the benchmark: SYSTEM/scores, SYSTEM/wavs.")],
    systems: Annotated[str, typer.Option(help="By commas.")],
    out: Annotated[Path, typer.Option(help="The table, Markdown.")],
) -> None:
    """Print and write the table."""
    rows = {system: _figures(exp / system) for system in systems.split(",")}
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = ["| system | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for system, row in rows.items():
        cells = (f"{row[name]:.3f}" if name in row else "" for name in names)
        lines.append(f"| {system} | " + " | ".join(cells) + " |")
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    typer.echo(out.read_text(encoding="utf-8"))


def _figures(folder: Path) -> dict[str, float]:
    """Means over the generated recordings, parameters in millions, and the real-time factor."""
    with (folder / "scores" / "utterances.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["system"] == "generated"]
    figures = {}
    for name in rows[0]:
        values = (
            [float(row[name]) for row in rows if row[name] not in ("", "nan")] if name not in LEFT_OUT else []
        )
        if values:
            figures[name] = mean(values)
    speed = json.loads((folder / "wavs" / "speed.json").read_text(encoding="utf-8"))
    return {**figures, "RTF": speed["real_time_factor"], "M parameters": speed["parameters"] / 1e6}


if __name__ == "__main__":
    typer.run(main)
