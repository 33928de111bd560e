"""`hiervox tta`: a caption to sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.controls import ControlOption, controls_from
from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import ModelOption, OverwriteOption, check_outputs, write_sound

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.protocols import TextToAudio


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
    check_outputs([out], overwrite)

    from hiervox.models.base.pipelines.bundle import resolve_bundle
    from hiervox.models.base.pipelines.loading import find_system, load

    bundle = resolve_bundle(model)
    controls = controls_from(find_system(bundle, "tta")[0], {}, control)
    pipeline: TextToAudio = load(model, "tta", device)
    wav = pipeline.tta(caption, seconds, controls)
    noted = controls.model_dump(mode="json")
    write_sound(out, wav, pipeline.rate, {"caption": caption, "model": str(bundle), "controls": noted})
    typer.echo(out)
