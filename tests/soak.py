"""Many calls in one process: `python -m tests.soak [MODEL] --minutes 120`.

Speaks texts of all lengths, one after the other, until so many minutes of speech are made, and converts one
in ten of them into the model's first voice. Prints what memory the process holds, and fails where it is not
flat once it has warmed up.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from typing import Annotated

import typer

from hiervox.models.base.benchmark.streams import sentences
from hiervox.models.base.pipelines.loading import load
from hiervox.utils.errors import HierVoxError
from hiervox.utils.host import resident_bytes

LONGEST_TEXT = 12
"""Sentences; texts have 1 to so many."""
WARM_SHARE = 0.1
"""Of the speech, after which memory counts: allocators and caches have reached their size."""
MOST_GROWTH = 1.05
CONVERTED = 10


def soak(model: str | None, minutes: float, seed: int = 0) -> Iterator[tuple[float, int]]:
    """Seconds of speech so far and bytes held, after each text."""
    pipeline = load(model, "tts", "cpu")
    rng, spoken, number = random.Random(seed), 0.0, 0
    while spoken < 60 * minutes:
        number += 1
        text = sentences(rng.randint(1, LONGEST_TEXT), seed=rng.randrange(10**6))
        speech = pipeline.tts(text)
        spoken += speech.wav.size / speech.rate
        if number % CONVERTED == 0:
            converted = pipeline.vc((speech.wav, speech.rate), None)
            spoken += converted.wav.size / converted.rate
        yield spoken, resident_bytes()


def growth(held: list[tuple[float, int]]) -> float:
    """The largest memory of the last quarter over that of the first, after warming up."""
    whole = held[-1][0]
    warm = [size for spoken, size in held if spoken >= WARM_SHARE * whole]
    quarter = max(1, len(warm) // 4)
    return max(warm[-quarter:]) / max(warm[:quarter])


def main(
    model: Annotated[str | None, typer.Argument(help="As --model; the default one without.")] = None,
    minutes: Annotated[float, typer.Option(help="Of speech.")] = 120.0,
    every: Annotated[float, typer.Option(help="Minutes of speech between two rows.")] = 5.0,
) -> None:
    """Print a Markdown table of speech, time and memory; exit 1 where memory grew by over 5 %."""
    typer.echo("| speech (min) | elapsed (min) | memory (MB) |\n|---|---|---|")
    begun, held, shown = time.perf_counter(), [], 0.0
    try:
        for spoken, size in soak(model, minutes):
            held.append((spoken, size))
            if spoken >= shown:
                elapsed = (time.perf_counter() - begun) / 60
                typer.echo(f"| {spoken / 60:.1f} | {elapsed:.1f} | {size / 1e6:.0f} |")
                shown += 60 * every
    except HierVoxError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    grown = growth(held)
    typer.echo(f"\n{len(held)} texts, {held[-1][0] / 60:.1f} min of speech; memory grew by {grown - 1:.1%}")
    sys.exit(0 if grown <= MOST_GROWTH else 1)


if __name__ == "__main__":
    typer.run(main)
