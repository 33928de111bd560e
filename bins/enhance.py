"""`hiervox enhance`: take the noise out of speech."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import ModelOption, OverwriteOption, check_outputs, write_sound

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.protocols import Enhancement


def enhance(
    recording: Annotated[Path, typer.Argument(metavar="IN", help="A noisy recording of any length.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sound file, at the model's rate.")],
    model: ModelOption = None,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
) -> None:
    """Take the noise out of speech; its level stays, unless it would clip.

    \b
    Example:
      hiervox enhance noisy.wav --model my_model -o clean.wav
    """
    check_outputs([out], overwrite, inputs=[recording])

    from hiervox.models.base.pipelines.bundle import resolve_bundle
    from hiervox.models.base.pipelines.loading import load
    from hiervox.processors.audio import peak_normalize, read_audio, require_sound

    wav, own_rate = read_audio(recording)
    (wav,) = require_sound([wav], str(recording), allow_clipped=True)
    pipeline: Enhancement = load(model, "enhancement", device)
    clean, rate = pipeline.enhance(wav, own_rate)
    if abs(clean).max() > 1:
        clean = peak_normalize(clean)
    write_sound(out, clean, rate, {"input": str(recording), "model": str(resolve_bundle(model))})
    typer.echo(out)
