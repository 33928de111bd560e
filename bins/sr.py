"""`hiervox sr`: bring speech to a higher sampling rate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.job import BatchOptions, Job, OutputOptions
from hiervox.bins.options import grouped
from hiervox.bins.progress import progress
from hiervox.bins.verbs import Verb

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.protocols import SuperResolution
    from hiervox.processors.audio import Waveform


@grouped
def sr(
    recordings: Annotated[
        list[Path],
        typer.Argument(metavar="IN...", help="Recordings; more than the model's input rate is not used."),
    ],
    output: OutputOptions,
    run: BatchOptions,
    rate: Annotated[int, typer.Option(help="Hz of the result; the model needs a network for it.")] = 48000,
) -> None:
    """Bring speech to a higher sampling rate; its level stays.

    \b
    Examples:
      hiervox sr narrow.wav --rate 48000 -o wide.wav
      hiervox sr *.wav --out-dir wide --skip-existing
    """
    job = Job("sr", output.targets(recordings), **vars(run), rate=rate, inputs=recordings)
    items = job.items(lambda source: {"input": str(source), "rate": rate})
    for item in progress(items, "recordings", len(items)):
        item.write_stream(_upsampled(job.pipeline, item.input), job.pipeline.rate)


def _upsampled(pipeline: SuperResolution, recording: Path) -> Iterator[Waveform]:
    """A recording of any length in chunks (T_i,) at the pipeline's rate."""
    from hiervox.processors.audio import audio_chunks

    stream = pipeline.stream()
    for chunk in audio_chunks(recording, pipeline.input_rate):
        yield stream.push(chunk)
    yield stream.finish()


VERB = Verb("sr", sr, rank=6)
