"""`hiervox f0`: the pitch of a recording as a model sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.controls import ControlOption, SeedOption, controls_from
from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import ModelOption, OverwriteOption, check_outputs


def f0(
    recording: Annotated[Path, typer.Argument(metavar="IN", help="Speech of any length.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="CSV of seconds,hz, 200 a second, 0 Hz where unvoiced.")
    ],
    model: ModelOption = None,
    seed: SeedOption = None,
    control: ControlOption = None,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
) -> None:
    """Write the pitch of a recording as the model sees it, for --f0-in of tts and vc.

    \b
    Example:
      hiervox f0 me.wav -o contour.csv
    """
    check_outputs([], overwrite, files=[out], inputs=[recording])

    from hiervox.models.base.pipelines.bundle import resolve_bundle
    from hiervox.models.base.pipelines.loading import find_system, load
    from hiervox.models.base.pipelines.pitch_curve import write_pitch_curve

    folder = resolve_bundle(model)
    controls = controls_from(find_system(folder, "f0")[0], {"seed": seed}, control)
    write_pitch_curve(out, load(folder, "f0", device).f0(recording, controls))
    typer.echo(out)
