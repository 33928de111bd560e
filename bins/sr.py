"""`hiervox sr`: bring 16 kHz speech to 24 or 48 kHz."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import ModelOption, OverwriteOption, check_targets, write_sound
from hiervox.utils.errors import ConfigError

RATES = (24000, 48000)


def sr(
    recording: Annotated[
        Path, typer.Argument(metavar="IN", help="A recording; more than 16 kHz is not used.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sound file.")],
    rate: Annotated[int, typer.Option(help="Hz of the result: 24000 or 48000.")] = 48000,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
) -> None:
    """Bring 16 kHz speech to 24 or 48 kHz; its level stays."""
    if rate not in RATES:
        raise ConfigError(f"no rate {rate}", f"choose one of {', '.join(map(str, RATES))}")
    check_targets([out], overwrite)

    from hiervox.models.base.pipelines.bundle import load_upsampler, resolve_bundle
    from hiervox.processors.audio import read_audio
    from hiervox.utils.device import choose_device

    wav, own_rate = read_audio(recording)
    bundle = resolve_bundle(model)
    raised, _ = load_upsampler(bundle, rate, choose_device(device)).upsample(wav, own_rate)
    write_sound(out, raised, rate, {"recording": str(recording), "model": str(bundle)})
    typer.echo(out)
