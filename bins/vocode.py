"""`hiervox vocode`: a spectrogram to sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import ModelOption, OverwriteOption, check_outputs, write_sound
from hiervox.utils.errors import DataError

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.protocols import Mel, Vocoder

MEL_SUFFIX = ".npy"


def vocode(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="A recording, or a log-mel spectrogram (M, N) as .npy.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sound file.")],
    model: ModelOption = None,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
) -> None:
    """Turn a spectrogram into sound; of a recording, its spectrogram is taken first (copy synthesis).

    \b
    Examples:
      hiervox vocode speech.wav --model exp/hifigan -o again.wav
      hiervox vocode predicted.npy --model exp/hifigan -o speech.wav
    """
    check_outputs([out], overwrite, inputs=[source])

    from hiervox.models.base.pipelines.bundle import resolve_bundle
    from hiervox.models.base.pipelines.loading import load

    pipeline: Vocoder = load(model, "vocoder", device)
    wav = pipeline.vocode(_mel(pipeline, source))
    write_sound(out, wav, pipeline.rate, {"input": str(source), "model": str(resolve_bundle(model))})
    typer.echo(out)


def _mel(pipeline: Vocoder, source: Path) -> Mel:
    if source.suffix.lower() != MEL_SUFFIX:
        from hiervox.processors.audio import read_audio

        return pipeline.mel_of(*read_audio(source))
    import numpy as np

    try:
        mel: Mel = np.load(source, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"can't read {source} as an array", "save it with numpy.save") from error
    return mel
