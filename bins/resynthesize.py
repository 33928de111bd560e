"""`hiervox resynthesize`: copy synthesis and, over the model's own rate, super-resolution."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.controls import NO_OPTIONS, ControlOption, ControlOptions, control_options
from hiervox.bins.job import Job
from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import ModelOption, OverwriteOption
from hiervox.models.base.pipelines.controls import SpeechControls


@control_options(SpeechControls, "rate", "scaling", "seed", rate=48_000, scaling="prompt")
def resynthesize(
    recording: Annotated[
        Path, typer.Argument(metavar="IN", help="Speech of any length; more than 16 kHz is not used.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sound file.")],
    model: ModelOption = None,
    options: ControlOptions = NO_OPTIONS,
    control: ControlOption = None,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
) -> None:
    """Copy synthesis: the model encodes a recording and decodes it again.

    \b
    Example:
      hiervox resynthesize narrow.wav --rate 48000 -o wide.wav
    """
    job = Job(
        "resynthesis",
        {out: recording},
        model,
        device,
        overwrite,
        options=options,
        control=control,
        inputs=[recording],
    )
    controls = job.controls
    (item,) = job.items(
        lambda source: {
            "input": str(source),
            "model": str(job.folder),
            "controls": controls.model_dump(mode="json"),
        }
    )
    peak, sounds = job.pipeline.resynthesize_stream(recording, controls)
    chunks = job.pipeline.at_rate(sounds, controls.rate)
    item.write_chunks(chunks, job.pipeline.output_rate(controls), controls.scaling, peak)
