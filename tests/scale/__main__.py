"""What grows with a corpus: `python -m tests.scale --folder /tmp/scale --plot scale.svg`.

Measures, each in a process of its own: the index of a manifest, the start of a training on shards, memory of
the process that trains and of a worker, how long steps wait for the loader, a pass of bucketing, and a mean
with its interval. Prints a row for each size, and writes `scale.json` and a picture.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from tests.scale.corpus import make_manifest, make_shards
from tests.scale.measure import Figures
from tests.scale.plot import draw


def alone(name: str, *arguments: object) -> Figures:
    """What a new process measures."""
    command = [sys.executable, "-m", "tests.scale.measure", name, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=3600, check=True)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def main(
    folder: Annotated[Path, typer.Option(help="Where corpora are made; they stay.")],
    utterances: Annotated[str, typer.Option(help="Sizes, in whole thousands.")] = "10000,100000,1000000",
    steps: Annotated[int, typer.Option(help="Of a training.")] = 300,
    workers: Annotated[int, typer.Option(help="Data-loading processes.")] = 4,
    largest_manifest: Annotated[int, typer.Option(help="No index is built of a larger one.")] = 1_000_000,
    plot: Annotated[Path | None, typer.Option(help="A picture of it.")] = None,
) -> None:
    """Measure what grows with a corpus."""
    found: dict[str, Figures] = {}
    for count in map(int, utterances.split(",")):
        shards, cache = make_shards(folder, count), folder / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        figures = alone("training", shards, cache, steps, workers)
        figures |= alone("bucketing", shards, cache) | alone("evaluation", count)
        if count <= largest_manifest:
            manifest = make_manifest(folder, count)
            shutil.rmtree(manifest / "cuts.index", ignore_errors=True)
            figures |= alone("index_of", manifest)
        found[str(count)] = figures
        typer.echo(f"{count} " + json.dumps({name: round(value, 4) for name, value in figures.items()}))
        (folder / "scale.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if plot is not None:
        draw(found, plot)


if __name__ == "__main__":
    typer.run(main)
