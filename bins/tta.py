"""`hiervox tta`: a caption to sound."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.controls import ControlOption
from hiervox.bins.job import Job
from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import ModelOption, OverwriteOption


def tta(
    caption: Annotated[str, typer.Argument(help="What is to be heard.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sound file.")],
    seconds: Annotated[
        float | None, typer.Option(min=0.1, max=600, help="How long. Default: the model's choice.")
    ] = None,
    control: ControlOption = None,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
) -> None:
    """Make the sound that a caption describes.

    \b
    Example:
      hiervox tta "Rain on a tin roof." --model exp/audio --seconds 5 -o rain.wav
    """
    job = Job("tta", {out: caption}, model, device, overwrite, control=control)
    (item,) = job.items(
        lambda caption: {
            "caption": caption,
            "model": str(job.folder),
            "controls": job.controls.model_dump(mode="json"),
        }
    )
    item.write(job.pipeline.tta(caption, seconds, job.controls), job.pipeline.rate)
