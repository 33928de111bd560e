"""`hiervox sr`: bring speech to a higher sampling rate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.batch import OutDirOption, OutOption, SkipExistingOption, each_recording
from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import ModelOption, OverwriteOption, write_sound

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.protocols import SuperResolution


def sr(
    recordings: Annotated[
        list[Path],
        typer.Argument(metavar="IN...", help="Recordings; more than the model's input rate is not used."),
    ],
    out: OutOption = None,
    out_dir: OutDirOption = None,
    rate: Annotated[int, typer.Option(help="Hz of the result; the model needs a network for it.")] = 48000,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
    skip_existing: SkipExistingOption = False,
) -> None:
    """Bring speech to a higher sampling rate; its level stays.

    \b
    Examples:
      hiervox sr narrow.wav --rate 48000 -o wide.wav
      hiervox sr *.wav --out-dir wide --skip-existing
    """
    jobs = each_recording(recordings, out, out_dir, model, {"rate": rate}, overwrite, skip_existing)
    if not jobs:
        return

    from hiervox.models.base.pipelines.loading import load
    from hiervox.processors.audio import read_audio

    pipeline: SuperResolution = load(model, "sr", device, rate)
    for job in jobs:
        wide, rate = pipeline.upsample(*read_audio(job.recording))
        write_sound(job.target, wide, rate, job.request)
        typer.echo(job.target)
