"""`hiervox enhance`: take the noise out of speech."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import ModelOption, OverwriteOption, check_targets, write_sound


def enhance(
    recording: Annotated[Path, typer.Argument(metavar="IN", help="A noisy recording of any length.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sound file, at 16 kHz.")],
    model: ModelOption = None,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
) -> None:
    """Take the noise out of speech; its level stays, unless it would clip."""
    check_targets([out], overwrite)

    from hiervox.models.base.pipelines.bundle import load_denoiser, resolve_bundle
    from hiervox.processors.audio import peak_normalize, read_audio
    from hiervox.utils.device import choose_device

    wav, own_rate = read_audio(recording)
    bundle = resolve_bundle(model)
    clean, rate = load_denoiser(bundle, choose_device(device)).enhance(wav, own_rate)
    if abs(clean).max() > 1:
        clean = peak_normalize(clean)
    write_sound(out, clean, rate, {"recording": str(recording), "model": str(bundle)})
    typer.echo(out)
