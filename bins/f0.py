"""`hiervox f0`: the pitch of a recording as a model sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.controls import NO_OPTIONS, ControlOptions, control_options
from hiervox.bins.job import Job, RunOptions
from hiervox.bins.options import grouped
from hiervox.bins.verbs import Verb
from hiervox.models.base.pipelines.controls import SpeechControls


@control_options(SpeechControls, "seed")
@grouped
def f0(
    recording: Annotated[Path, typer.Argument(metavar="IN", help="Speech of any length.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="CSV of seconds,hz, 200 a second, 0 Hz where unvoiced.")
    ],
    run: RunOptions,
    options: ControlOptions = NO_OPTIONS,
) -> None:
    """Write the pitch of a recording as the model sees it, for --f0-in of tts and vc.

    \b
    Example:
      hiervox f0 me.wav -o contour.csv
    """
    job: Job[Path] = Job("f0", {}, **vars(run), options=options, files=[out], inputs=[recording])

    from hiervox.models.base.pipelines.pitch_curve import write_pitch_curve

    write_pitch_curve(out, job.pipeline.f0(recording, job.controls))
    typer.echo(out)


VERB = Verb("f0", f0, rank=10)
