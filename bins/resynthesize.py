"""`hiervox resynthesize`: copy synthesis and, over the model's own rate, super-resolution."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.controls import ControlOption, RateOption, ScalingOption, SeedOption, controls_from
from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import ModelOption, OverwriteOption, check_outputs, write_pieces


def resynthesize(
    recording: Annotated[
        Path, typer.Argument(metavar="IN", help="Speech of any length; more than 16 kHz is not used.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sound file.")],
    model: ModelOption = None,
    rate: RateOption = 48000,
    scaling: ScalingOption = "prompt",
    seed: SeedOption = None,
    control: ControlOption = None,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
) -> None:
    """Copy synthesis: the model encodes a recording and decodes it again.

    \b
    Example:
      hiervox resynthesize narrow.wav --rate 48000 -o wide.wav
    """
    check_outputs([out], overwrite, inputs=[recording])

    from hiervox.models.base.pipelines.bundle import resolve_bundle
    from hiervox.models.base.pipelines.loading import find_system, load
    from hiervox.models.base.pipelines.speech import gain

    folder = resolve_bundle(model)
    card, _ = find_system(folder, "resynthesis")
    controls = controls_from(card, {"rate": rate, "scaling": scaling, "seed": seed}, control)
    pipeline = load(folder, "resynthesis", device)
    peak_before, sounds = pipeline.resynthesize_stream(recording, controls)
    write_pieces(
        out,
        pipeline.at_rate(sounds, controls.rate),
        pipeline.output_rate(controls),
        lambda peak: gain(controls.scaling, peak, peak_before),
        lambda: {
            "input": str(recording),
            "model": str(folder),
            "controls": controls.model_dump(mode="json"),
        },
    )
    typer.echo(out)
