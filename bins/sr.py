"""`hiervox sr`: bring speech to a higher sampling rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import ModelOption, OverwriteOption, check_outputs, write_pieces

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.protocols import SuperResolution
    from hiervox.processors.audio import Waveform

HIGHEST_PEAK = 0.999


def sr(
    recording: Annotated[
        Path, typer.Argument(metavar="IN", help="A recording; more than the model's input rate is not used.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sound file.")],
    rate: Annotated[int, typer.Option(help="Hz of the result; the model needs a network for it.")] = 48000,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
) -> None:
    """Bring speech to a higher sampling rate; its level stays.

    \b
    Example:
      hiervox sr narrow.wav --rate 48000 -o wide.wav
    """
    check_outputs([out], overwrite, inputs=[recording])

    from hiervox.models.base.pipelines.bundle import resolve_bundle
    from hiervox.models.base.pipelines.loading import load
    from hiervox.processors.audio import audio_chunks, require_sound

    pipeline: SuperResolution = load(model, "sr", device, rate)
    narrow = require_sound(audio_chunks(recording, pipeline.input_rate), str(recording))
    record = {"input": str(recording), "model": str(resolve_bundle(model))}
    write_pieces(out, upsampled(pipeline, narrow), rate, unclipped, lambda: record)
    typer.echo(out)


def upsampled(pipeline: SuperResolution, narrow: Iterable[Waveform]) -> Iterator[Waveform]:
    """Bring chunks (T_i,) at the pipeline's input rate to its output rate as they come."""
    stream = pipeline.stream()
    for chunk in narrow:
        yield stream.push(chunk)
    yield stream.finish()


def unclipped(peak: float) -> float:
    """The factor that keeps a peak within full scale; 1 where it is."""
    return min(1.0, HIGHEST_PEAK / peak) if peak > 1 else 1.0
