"""`hiervox enhance`: take the noise out of speech."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.job import BatchOptions, Job, OutputOptions
from hiervox.bins.options import grouped
from hiervox.bins.verbs import Verb


@grouped
def enhance(
    recordings: Annotated[
        list[Path], typer.Argument(metavar="IN...", help="Noisy recordings of any length.")
    ],
    output: OutputOptions,
    run: BatchOptions,
) -> None:
    """Take the noise out of speech; its level stays, unless it would clip.

    \b
    Examples:
      hiervox enhance noisy.wav --model my_model -o clean.wav
      hiervox enhance *.wav --model my_model --out-dir clean --skip-existing
    """
    job = Job("enhancement", output.targets(recordings), **vars(run), inputs=recordings)
    for item, wav, rate in job.recordings():
        from hiervox.processors.audio import peak_normalize

        clean, own_rate = job.pipeline.enhance(wav, rate)
        item.write(peak_normalize(clean) if abs(clean).max() > 1 else clean, own_rate)


VERB = Verb("enhance", enhance, rank=7)
