"""`hiervox resynthesize`: say a recording again as it is, up to 48 kHz."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import (
    ModelOption,
    OverwriteOption,
    RateOption,
    SeedOption,
    check_outputs,
    write_pieces,
)


def resynthesize(
    recording: Annotated[
        Path, typer.Argument(metavar="IN", help="Speech of any length; more than 16 kHz is not used.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sound file.")],
    model: ModelOption = None,
    rate: RateOption = 48000,
    scaling: Annotated[
        str, typer.Option(help="Peak: max (0.999), prompt (the recording's) or none (as it comes).")
    ] = "prompt",
    noise_scale: Annotated[float, typer.Option(help="Of the posterior; 0 is its mean.")] = 0.333,
    seed: SeedOption = 1111,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
) -> None:
    """Say a recording again through the acoustic posterior, the generator and super-resolution."""
    check_outputs([out], overwrite, inputs=[recording])

    from hiervox.models.tts.hierspeechpp.controls import SpeechControls
    from hiervox.models.tts.hierspeechpp.pipeline import load
    from hiervox.models.tts.hierspeechpp.speech import gain

    controls = SpeechControls.model_validate(
        {"rate": rate, "scaling": scaling, "noise_scale": noise_scale, "seed": seed}
    )
    pipeline = load(model, device)
    peak_before, sounds = pipeline.resynthesize_stream(recording, controls)
    write_pieces(
        out,
        pipeline.at_rate(sounds, rate),
        rate,
        lambda peak: gain(controls.scaling, peak, peak_before),
        lambda: {
            "recording": str(recording),
            "model": str(pipeline.networks.folder),
            "scaling": scaling,
            "noise_scale": noise_scale,
            "seed": seed,
        },
    )
    typer.echo(out)
