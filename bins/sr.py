"""`hiervox sr`: bring speech to a higher sampling rate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.job import BatchOptions, Job, OutputOptions
from hiervox.bins.options import grouped
from hiervox.bins.verbs import Verb


@grouped
def sr(
    recordings: Annotated[
        list[Path],
        typer.Argument(metavar="IN...", help="Recordings; more than the model's input rate is not used."),
    ],
    output: OutputOptions,
    run: BatchOptions,
    rate: Annotated[int, typer.Option(help="Hz of the result; the model needs a network for it.")] = 48000,
) -> None:
    """Bring speech to a higher sampling rate; its level stays.

    \b
    Examples:
      hiervox sr narrow.wav --rate 48000 -o wide.wav
      hiervox sr *.wav --out-dir wide --skip-existing
    """
    job = Job("sr", output.targets(recordings), **vars(run), rate=rate, inputs=recordings)
    for item, wav, own_rate in job.recordings(rate=rate):
        item.write(*job.pipeline.upsample(wav, own_rate))


VERB = Verb("sr", sr, rank=6)
