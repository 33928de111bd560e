"""`hiervox sr`: bring speech to a higher sampling rate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import ModelOption, OverwriteOption, check_outputs, write_sound

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.protocols import SuperResolution


def sr(
    recording: Annotated[
        Path, typer.Argument(metavar="IN", help="A recording; more than the model's input rate is not used.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sound file.")],
    rate: Annotated[int, typer.Option(help="Hz of the result; the model needs a network for it.")] = 48000,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
) -> None:
    """Bring speech to a higher sampling rate; its level stays.

    \b
    Example:
      hiervox sr narrow.wav --rate 48000 -o wide.wav
    """
    check_outputs([out], overwrite, inputs=[recording])

    from hiervox.models.base.pipelines.bundle import resolve_bundle
    from hiervox.models.base.pipelines.loading import load
    from hiervox.processors.audio import read_audio

    pipeline: SuperResolution = load(model, "sr", device, rate)
    wide, rate = pipeline.upsample(*read_audio(recording))
    write_sound(out, wide, rate, {"input": str(recording), "model": str(resolve_bundle(model))})
    typer.echo(out)
