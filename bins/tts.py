"""`hiervox tts`: speak a text in the voice of a prompt."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import (
    F0OutOption,
    ModelOption,
    OverwriteOption,
    PlotsOption,
    RateOption,
    SeedOption,
    check_outputs,
)
from hiervox.bins.voices import Cast, DenoiseOption, PromptOption, ReplicateOption, VoiceOption
from hiervox.utils.errors import ConfigError, HierVoxError, TextError

if TYPE_CHECKING:
    from hiervox.models.tts.hierspeechpp.controls import SpeechControls
    from hiervox.models.tts.hierspeechpp.pipeline import HierSpeechPipeline

STANDARD_OUTPUT = "-"


def tts(
    words: Annotated[str | None, typer.Argument(metavar="[TEXT]", help="What to say; as --text.")] = None,
    text: Annotated[str | None, typer.Option(help="What to say, plain or SSML, any length.")] = None,
    text_file: Annotated[Path | None, typer.Option(help="A text file: one text, or one a line.")] = None,
    out: Annotated[
        str | None, typer.Option("--out", "-o", help="The sound file; - streams to standard output.")
    ] = None,
    out_dir: Annotated[
        Path | None, typer.Option(help="With --text-file, a file for each line: 0001.wav is line 1.")
    ] = None,
    prompt: PromptOption = None,
    voice: VoiceOption = None,
    denoise_ratio: DenoiseOption = 0.0,
    replicate: ReplicateOption = False,
    model: ModelOption = None,
    language: Annotated[
        str | None, typer.Option(help="espeak's name of the text's language. Default: the model's first.")
    ] = None,
    rate: RateOption = 16000,
    scaling: Annotated[
        str | None, typer.Option(help="Peak: max (0.999), prompt (the prompt's) or none (as it comes).")
    ] = None,
    seed: SeedOption = 1111,
    noise_scale_ttv: Annotated[
        float, typer.Option(help="How much the reading varies; 0.667 is lively.")
    ] = 0.333,
    noise_scale: Annotated[float, typer.Option(help="How much the sound varies.")] = 0.333,
    duration_noise_scale: Annotated[float, typer.Option(help="How much the rhythm varies.")] = 1.0,
    speed: Annotated[float, typer.Option(help="Over 1 is faster.")] = 1.0,
    semitones: Annotated[float, typer.Option(help="Shift of the pitch.")] = 0.0,
    pitch_range: Annotated[float, typer.Option(help="Range of the pitch; 0 is monotonous.")] = 1.0,
    sentence_pause: Annotated[
        float | None, typer.Option(help="Seconds after a sentence within the text.")
    ] = None,
    longest_pause: Annotated[
        float | None, typer.Option(help="Seconds of a pause within a sentence at most.")
    ] = None,
    f0_in: Annotated[
        Path | None, typer.Option(help="CSV of seconds,hz: the pitch of a text of one sentence.")
    ] = None,
    f0_out: F0OutOption = None,
    plots: PlotsOption = False,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
) -> None:
    """Speak a text in the voice of a prompt or a saved one; without either, in the model's own."""
    streams = out == STANDARD_OUTPUT
    texts = _texts(text if words is None else words, text_file, out, out_dir, twice=None not in (text, words))
    cast = Cast(prompt or (None if voice else _own_prompt(model)), voice)
    if streams:
        _refuse_with_stream({"--plots": plots, "--f0-out": f0_out, "--f0-in": f0_in, "--scaling": scaling})
    else:
        check_outputs(list(texts), overwrite, files=[f0_out], inputs=[text_file, f0_in, *cast.files])
    if len(texts) > 1 and (f0_in or f0_out):
        raise ConfigError("an F0 curve goes with one text", "give --text, or --text-file with --out")

    from hiervox.models.tts.hierspeechpp.controls import SpeechControls
    from hiervox.models.tts.hierspeechpp.pipeline import load
    from hiervox.models.tts.hierspeechpp.pitch_curve import read_pitch_curve

    controls = SpeechControls.model_validate(
        {
            "noise_scale_ttv": noise_scale_ttv,
            "noise_scale": noise_scale,
            "duration_noise_scale": duration_noise_scale,
            "speed": speed,
            "semitones": semitones,
            "pitch_range": pitch_range,
            "scaling": scaling or ("none" if streams else "max"),
            "rate": rate,
            "seed": seed,
            "sentence_pause": sentence_pause,
            "longest_pause": longest_pause,
            "language": language,
        }
    )
    curve = read_pitch_curve(f0_in) if f0_in else None
    pipeline = load(model, device)
    pipeline.networks.require(text=True, rate=rate, denoiser=denoise_ratio > 0)
    cast.check(pipeline)
    for place, sentence in texts.values():
        _check_text(pipeline, sentence, place, controls)
    speaker = cast.voice(pipeline, denoise_ratio, replicate)
    if streams:
        from hiervox.processors.audio_writing import stream_wav

        ((_, sentence),) = texts.values()
        stream_wav(sys.stdout.buffer, pipeline.tts_stream(sentence, speaker, controls), rate)
        return
    from hiervox.bins.speaking import write_text

    made_of = {
        **cast.record(),
        "denoise_ratio": denoise_ratio,
        "replicate": replicate,
        "f0_in": str(f0_in) if f0_in else None,
        "model": str(pipeline.networks.folder),
    }
    for target, (_, sentence) in texts.items():
        write_text(target, sentence, pipeline, speaker, controls, made_of, curve, f0_out, plots)
        typer.echo(target)


def _own_prompt(model: str | None) -> list[str]:
    """The first recording that a model brings along, if any."""
    from hiervox.models.base.pipelines.bundle import prompts_of, resolve_bundle

    return [str(prompt) for prompt in prompts_of(resolve_bundle(model))[:1]]


def _texts(
    text: str | None, text_file: Path | None, out: str | None, out_dir: Path | None, twice: bool
) -> dict[Path, tuple[str, str]]:
    """Sound file → where its text comes from, and the text."""
    if (text is None) == (text_file is None) or twice:
        raise ConfigError("what to say is not clear", "give one of a text, --text and --text-file")
    if (out is None) == (out_dir is None):
        raise ConfigError("where to write is not clear", "give --out, or --text-file and --out-dir")
    if text_file is None:
        if out is None:
            raise ConfigError("one text makes one file", "give --out, and no --out-dir")
        assert text is not None
        return {Path(out): ("the text", text)}
    try:
        content = text_file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TextError(
            f"can't read the text file {text_file} ({error})", "name a UTF-8 text file"
        ) from error
    if not content.strip():
        raise TextError(f"{text_file} holds no text", "write one sentence a line")
    if out is not None:
        return {Path(out): (str(text_file), content)}
    assert out_dir is not None
    return {
        out_dir / f"{number:04d}.wav": (f"line {number} of {text_file}", line.strip())
        for number, line in enumerate(content.splitlines(), start=1)
        if line.strip()
    }


def _refuse_with_stream(options: dict[str, object]) -> None:
    given = [name for name, value in options.items() if value]
    if given:
        raise ConfigError(f"{given[0]} does not go with a stream", "name a file with --out")
    if sys.stdout.isatty():
        raise ConfigError("a terminal can't play sound", "pipe it to a player, or name a file with --out")


def _check_text(pipeline: HierSpeechPipeline, text: str, place: str, controls: SpeechControls) -> None:
    """Find what can't be spoken before anything is."""
    try:
        pipeline.phonemes(text, controls.language)
    except HierVoxError as error:
        raise type(error)(f"{place}: {error.problem}", error.mend) from error
