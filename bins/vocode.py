"""`hiervox vocode`: a spectrogram to sound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.controls import NO_OPTIONS, ControlOptions, control_options
from hiervox.bins.job import Job, RunOptions
from hiervox.bins.options import grouped
from hiervox.bins.verbs import Verb
from hiervox.models.base.pipelines.controls import ProsodyControls

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.controls import Controls
    from hiervox.models.base.pipelines.protocols import ControlledVocoder
    from hiervox.processors.audio import Waveform


@control_options(ProsodyControls, "semitones")
@grouped
def vocode(
    source: Annotated[
        Path,
        typer.Argument(metavar="IN", help="A recording, or a log-mel spectrogram: .npy or .safetensors."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sound file.")],
    run: RunOptions,
    options: ControlOptions = NO_OPTIONS,
) -> None:
    """Turn a spectrogram into sound; of a recording, its spectrogram is taken first (copy synthesis).

    A .safetensors file says how its spectrogram was made, and one that the vocoder does not take is refused.

    \b
    Examples:
      hiervox vocode speech.wav --model exp/vocoder -o again.wav
      hiervox vocode predicted.npy --model exp/vocoder -o speech.wav
      hiervox vocode song.wav --model exp/vocoder --semitones 3 -o higher.wav
    """
    job = Job("vocoder", {out: source}, **vars(run), options=options, inputs=[source])
    (item,) = job.items(lambda source: {"input": str(source)})
    item.write_stream(_chunks(job, source), job.pipeline.rate)


def _chunks(job: Job[Path], source: Path) -> Iterator[Waveform]:
    from hiervox.models.base.pipelines.mel_file import is_mel, read_mel

    vocoder: ControlledVocoder[Controls] = job.pipeline
    options = {} if job.card.controls is None else {"controls": job.controls}
    if not is_mel(source):
        return vocoder.resynthesize_stream(source, **options)
    saved = read_mel(source)
    if saved.config is not None:
        vocoder.require_mel(saved.config)
    return vocoder.stream(saved.mel, saved.f0, **options)


VERB = Verb("vocode", vocode, rank=8)
