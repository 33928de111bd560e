"""`hiervox resynthesize`: copy synthesis and, over the model's own rate, super-resolution."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.controls import NO_OPTIONS, ControlOptions, control_options
from hiervox.bins.job import Job, RunOptions
from hiervox.bins.options import grouped
from hiervox.bins.verbs import Verb
from hiervox.models.base.pipelines.controls import SpeechControls


@control_options(SpeechControls, "rate", "scaling", "seed", rate=48_000, scaling="prompt")
@grouped
def resynthesize(
    recording: Annotated[
        Path, typer.Argument(metavar="IN", help="Speech of any length; more than 16 kHz is not used.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sound file.")],
    run: RunOptions,
    options: ControlOptions = NO_OPTIONS,
) -> None:
    """Copy synthesis: the model encodes a recording and decodes it again.

    \b
    Example:
      hiervox resynthesize narrow.wav --rate 48000 -o wide.wav
    """
    job = Job("resynthesis", {out: recording}, **vars(run), options=options, inputs=[recording])
    (item,) = job.items(lambda source: {"input": str(source)})
    peak, sounds = job.pipeline.resynthesize_stream(recording, job.controls)
    chunks = job.pipeline.at_rate(sounds, job.controls.rate)
    item.write_chunks(chunks, job.pipeline.output_rate(job.controls), job.controls.scaling, peak)


VERB = Verb("resynthesize", resynthesize, rank=11)
