"""`hiervox tta`: a caption to sound."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.controls import NO_OPTIONS, ControlOptions, control_options
from hiervox.bins.job import Job, RunOptions
from hiervox.bins.options import grouped
from hiervox.bins.verbs import Verb
from hiervox.models.base.pipelines.controls import Controls


@control_options(Controls)
@grouped
def tta(
    caption: Annotated[str, typer.Argument(help="What is to be heard.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sound file.")],
    run: RunOptions,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, max=600, help="How long. Default: the model's choice.")
    ] = None,
    options: ControlOptions = NO_OPTIONS,
) -> None:
    """Make the sound that a caption describes.

    \b
    Example:
      hiervox tta "Rain on a tin roof." --model exp/audio --seconds 5 -o rain.wav
    """
    job = Job("tta", {out: caption}, **vars(run), options=options)
    (item,) = job.items(lambda caption: {"caption": caption})
    item.write(job.pipeline.tta(caption, seconds, job.controls), job.pipeline.rate)


VERB = Verb("tta", tta, rank=5)
