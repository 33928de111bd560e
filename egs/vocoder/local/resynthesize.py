"""Send the recordings of a table through a vocoder, and say how quick it is.

The recordings are written beside at the vocoder's rate and of the same lengths, as references.
"""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path
from typing import Annotated

import soundfile
import torch
import typer

from hiervox.models.base.pipelines.loading import load
from hiervox.processors.audio import read_audio, resample


def main(
    model: Annotated[Path, typer.Option(help="A checkpoint or run folder.")],
    table: Annotated[Path, typer.Option(help="CSV with a column `audio`, relative to it.")],
    out: Annotated[Path, typer.Option(help="Gets recorded/, generated/ and speed.json.")],
    device: Annotated[str, typer.Option(help="auto, cpu, cuda …")] = "auto",
    limit: Annotated[int | None, typer.Option(help="Only so many recordings.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Only so much of each.")] = None,
) -> None:
    """Write recorded and generated waveforms under the same names."""
    vocoder = load(model, "vocoder", device)
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))[:limit]
    for folder in ("recorded", "generated"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    clock = time.process_time if vocoder.device.type == "cpu" else time.perf_counter
    spent = length = 0.0
    for number, row in enumerate(rows):
        wav, rate = read_audio(table.parent / row["audio"])
        if not number:
            vocoder.resynthesize(wav[: rate // 4], rate)  # the first pass is slower than all others
        wav = wav[: None if seconds is None else round(seconds * rate)]
        begun = clock()
        made = vocoder.resynthesize(wav, rate)
        spent += clock() - begun
        length += len(made) / vocoder.rate
        recorded = resample(wav, rate, vocoder.rate)[: len(made)]
        name = f"{Path(row['audio']).stem}.wav"
        soundfile.write(out / "recorded" / name, recorded, vocoder.rate)
        soundfile.write(out / "generated" / name, made[: len(recorded)], vocoder.rate)
    speed = {
        "real_time_factor": spent / length,
        "clock": "processor" if clock is time.process_time else "waited",
        "threads": torch.get_num_threads(),
        "seconds": length,
        "parameters": vocoder.n_parameters,
    }
    (out / "speed.json").write_text(json.dumps(speed, indent=2) + "\n", encoding="utf-8")
    size = vocoder.n_parameters / 1e6
    typer.echo(f"{spent / length:.3f} s of work to a second of audio, {size:.3f} M parameters")


if __name__ == "__main__":
    typer.run(main)
