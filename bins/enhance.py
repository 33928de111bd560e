"""`hiervox enhance`: take the noise out of speech."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.job import BatchOptions, Job, OutputOptions
from hiervox.bins.options import grouped
from hiervox.bins.progress import progress
from hiervox.bins.verbs import Verb


@grouped
def enhance(
    recordings: Annotated[
        list[Path], typer.Argument(metavar="IN...", help="Noisy recordings of any length.")
    ],
    output: OutputOptions,
    run: BatchOptions,
) -> None:
    """Take the noise out of speech; its level stays, unless it would clip.

    \b
    Examples:
      hiervox enhance noisy.wav --model my_model -o clean.wav
      hiervox enhance *.wav --model my_model --out-dir clean --skip-existing
    """
    from hiervox.models.base.pipelines.speech import HIGHEST_PEAK

    job = Job("enhancement", output.targets(recordings), **vars(run), inputs=recordings)
    items = job.items(lambda source: {"input": str(source)})
    for item in progress(items, "recordings", len(items)):
        chunks = job.pipeline.enhance_stream(item.input)
        item.write_stream(chunks, job.pipeline.rate, lambda peak: HIGHEST_PEAK / peak if peak > 1 else 1.0)


VERB = Verb("enhance", enhance, rank=7)
