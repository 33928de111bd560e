"""`hiervox tts`: speak a text in the voice of a prompt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bins.options import DeviceOption
from bins.outputs import (
    ModelOption,
    OverwriteOption,
    PlotsOption,
    RateOption,
    SeedOption,
    check_targets,
    write_sound,
)
from utils.errors import ConfigError, TextError

if TYPE_CHECKING:
    from processors.text import TextFrontend


def tts(
    prompt: Annotated[Path, typer.Option(help="A recording of the voice to speak in.")],
    text: Annotated[str | None, typer.Option(help="What to say.")] = None,
    text_file: Annotated[Path | None, typer.Option(help="A text file, one sentence a line.")] = None,
    out: Annotated[Path | None, typer.Option(help="The sound file, with --text.")] = None,
    out_dir: Annotated[
        Path | None, typer.Option(help="The folder, with --text-file: 0001.wav is line 1.")
    ] = None,
    model: ModelOption = None,
    rate: RateOption = 16000,
    seed: SeedOption = 1111,
    noise_scale_ttv: Annotated[
        float, typer.Option(help="How much the reading varies; 0.667 is lively.")
    ] = 0.333,
    noise_scale: Annotated[float, typer.Option(help="How much the sound varies.")] = 0.333,
    speed: Annotated[float, typer.Option(help="Over 1 is faster.")] = 1.0,
    plots: PlotsOption = False,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
) -> None:
    """Speak a text in the voice of a prompt recording."""
    sentences = _sentences(text, text_file, out, out_dir)
    check_targets(list(sentences), overwrite)

    from models.base.bundle import resolve_bundle
    from models.tts.hierspeechpp.pipeline import HierSpeechPipeline
    from models.tts.hierspeechpp.prompt import prepare_recording
    from processors.audio import read_audio
    from utils.device import choose_device

    pipeline = HierSpeechPipeline.load(resolve_bundle(model), choose_device(device))
    pipeline.require(text=True, rate=rate)
    voice, voice_rate = read_audio(prompt)
    prepare_recording(voice, voice_rate, str(prompt))
    phonemes = {target: _phonemes(pipeline.frontend, *found) for target, found in sentences.items()}
    for target, (sentence, _) in sentences.items():
        speech = pipeline.tts(
            sentence,
            voice,
            voice_rate,
            rate=rate,
            seed=seed,
            noise_scale_ttv=noise_scale_ttv,
            noise_scale=noise_scale,
            speed=speed,
        )
        record = {
            "text": sentence,
            "phonemes": phonemes[target],
            "prompt": str(prompt),
            "model": str(pipeline.folder),
            "seed": seed,
            "noise_scale_ttv": noise_scale_ttv,
            "noise_scale": noise_scale,
            "speed": speed,
        }
        write_sound(target, speech.wav, speech.rate, record, speech if plots else None)
        typer.echo(target)


def _sentences(
    text: str | None, text_file: Path | None, out: Path | None, out_dir: Path | None
) -> dict[Path, tuple[str, str]]:
    """Sound file → its text, and where that comes from."""
    if (text is None) == (text_file is None):
        raise ConfigError("what to say is not clear", "give either --text or --text-file")
    if text is not None:
        if out is None or out_dir is not None:
            raise ConfigError("--text makes one file", "give --out, and no --out-dir")
        return {out: (text, "--text")}
    assert text_file is not None
    if out_dir is None or out is not None:
        raise ConfigError("--text-file makes a file a line", "give --out-dir, and no --out")
    try:
        lines = text_file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TextError(
            f"can't read the text file {text_file} ({error})", "name a UTF-8 text file"
        ) from error
    sentences = {
        out_dir / f"{number:04d}.wav": (line.strip(), f"line {number} of {text_file}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    }
    if not sentences:
        raise TextError(f"{text_file} holds no text", "write one sentence a line")
    return sentences


def _phonemes(frontend: TextFrontend, sentence: str, place: str) -> str:
    try:
        return frontend.phonemes(sentence)
    except TextError as error:
        raise TextError(f"{place}: {error.problem}", error.mend) from error
