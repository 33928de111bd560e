"""`hiervox enhance`: take the noise out of speech."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.batch import OutDirOption, OutOption, SkipExistingOption, each_recording
from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import ModelOption, OverwriteOption, write_sound

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.protocols import Enhancement


def enhance(
    recordings: Annotated[
        list[Path], typer.Argument(metavar="IN...", help="Noisy recordings of any length.")
    ],
    out: OutOption = None,
    out_dir: OutDirOption = None,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
    skip_existing: SkipExistingOption = False,
) -> None:
    """Take the noise out of speech; its level stays, unless it would clip.

    \b
    Examples:
      hiervox enhance noisy.wav --model my_model -o clean.wav
      hiervox enhance *.wav --model my_model --out-dir clean --skip-existing
    """
    jobs = each_recording(recordings, out, out_dir, model, {}, overwrite, skip_existing)
    if not jobs:
        return

    from hiervox.models.base.pipelines.loading import load
    from hiervox.processors.audio import peak_normalize, read_audio

    pipeline: Enhancement = load(model, "enhancement", device)
    for job in jobs:
        clean, rate = pipeline.enhance(*read_audio(job.recording))
        if abs(clean).max() > 1:
            clean = peak_normalize(clean)
        write_sound(job.target, clean, rate, job.request)
        typer.echo(job.target)
