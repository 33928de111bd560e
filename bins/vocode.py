"""`hiervox vocode`: a spectrogram to sound."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hiervox.bins.controls import ControlOption, SemitonesOption, controls_from
from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import ModelOption, OverwriteOption, check_outputs, write_sound

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.protocols import Vocoder
    from hiervox.processors.audio import Waveform


def vocode(
    source: Annotated[
        Path,
        typer.Argument(metavar="IN", help="A recording, or a log-mel spectrogram: .npy or .safetensors."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sound file.")],
    model: ModelOption = None,
    semitones: SemitonesOption = None,
    control: ControlOption = None,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
) -> None:
    """Turn a spectrogram into sound; of a recording, its spectrogram is taken first (copy synthesis).

    A .safetensors file says how its spectrogram was made, and one that the vocoder does not take is refused.

    \b
    Examples:
      hiervox vocode speech.wav --model exp/vocoder -o again.wav
      hiervox vocode predicted.npy --model exp/vocoder -o speech.wav
      hiervox vocode song.wav --model exp/vocoder --semitones 3 -o higher.wav
    """
    check_outputs([out], overwrite, inputs=[source])

    from hiervox.models.base.pipelines.bundle import resolve_bundle
    from hiervox.models.base.pipelines.loading import find_system, load

    folder = resolve_bundle(model)
    card, _ = find_system(folder, "vocoder")
    controls = controls_from(card, {"semitones": semitones}, control)
    pipeline: Vocoder = load(folder, "vocoder", device)
    wav = _waveform(pipeline, source, {} if card.controls is None else {"controls": controls})
    record = {"input": str(source), "model": str(folder), **controls.model_dump()}
    write_sound(out, wav, pipeline.rate, record)
    typer.echo(out)


def _waveform(pipeline: Vocoder, source: Path, options: Mapping[str, Any]) -> Waveform:
    from hiervox.models.base.pipelines.mel_file import is_mel, read_mel

    if not is_mel(source):
        from hiervox.processors.audio import read_audio

        return pipeline.resynthesize(*read_audio(source), **options)
    saved = read_mel(source)
    if saved.config is not None:
        pipeline.require_mel(saved.config)
    return pipeline.vocode(saved.mel, *([] if saved.f0 is None else [saved.f0]), **options)
