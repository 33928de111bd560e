"""`hiervox f0`: the pitch of a recording as the synthesizer hears it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import ModelOption, OverwriteOption, SeedOption, check_outputs


def f0(
    recording: Annotated[Path, typer.Argument(metavar="IN", help="Speech of any length.")],
    out: Annotated[Path, typer.Option(help="CSV of seconds,hz, 200 a second, 0 Hz where unvoiced.")],
    model: ModelOption = None,
    noise_scale: Annotated[float, typer.Option(help="Of the posterior; 0 is its mean.")] = 0.333,
    seed: SeedOption = 1111,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
) -> None:
    """Write the pitch of a recording as the synthesizer hears it, for --f0-in of tts and vc."""
    check_outputs([], overwrite, files=[out], inputs=[recording])

    from hiervox.models.tts.hierspeechpp.controls import SpeechControls
    from hiervox.models.tts.hierspeechpp.pipeline import load
    from hiervox.models.tts.hierspeechpp.pitch_curve import write_pitch_curve

    controls = SpeechControls(noise_scale=noise_scale, seed=seed)
    write_pitch_curve(out, load(model, device).f0(recording, controls))
    typer.echo(out)
