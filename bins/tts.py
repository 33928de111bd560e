"""`hiervox tts`: speak a text."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.controls import NO_OPTIONS, ControlOption, ControlOptions, control_options
from hiervox.bins.job import Job, SkipExistingOption
from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import (
    F0OutOption,
    ModelOption,
    OverwriteOption,
    PlotsOption,
)
from hiervox.bins.texts import Text, read_texts
from hiervox.bins.voices import DenoiseOption, PromptOption, ReplicateOption, VoiceOption, VoiceSpec
from hiervox.models.base.pipelines.controls import ProsodyControls
from hiervox.utils.errors import ConfigError, HierVoxError, TextError

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.controls import SpeechControls
    from hiervox.models.base.pipelines.protocols import TextToSpeech
    from hiervox.models.base.pipelines.token_sequence import TokenSequence
    from hiervox.models.base.pipelines.voice import Voice

STANDARD_OUTPUT = "-"
MOST_NAMED = 20
"""Bad lines of a text file that one message names."""


@control_options(ProsodyControls)
def tts(
    words: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help="What to say; - reads standard input.")
    ] = None,
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
    options: ControlOptions = NO_OPTIONS,
    control: ControlOption = None,
    f0_in: Annotated[
        Path | None, typer.Option(help="CSV of seconds,hz: the pitch of a text of one sentence.")
    ] = None,
    f0_out: F0OutOption = None,
    plots: PlotsOption = False,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
    skip_existing: SkipExistingOption = False,
) -> None:
    """Speak a text in the voice of a prompt or a named one; without either, in the model's own.

    \b
    Examples:
      hiervox tts "Hello there." -o hello.wav
      hiervox tts "Hello there." --voice willow --rate 48000 -o hello.flac
      hiervox tts --text-file lines.txt --prompt me.wav --out-dir spoken --skip-existing
      echo "Hello there." | hiervox tts - --control noise_scale=0.5 -o hello.mp3
    """
    streams = out == STANDARD_OUTPUT
    texts = read_texts(text if words is None else words, text_file, out, out_dir, None not in (text, words))
    if streams:
        _refuse_with_stream(
            {"--plots": plots, "--f0-out": f0_out, "--f0-in": f0_in, "--scaling": options["scaling"]}
        )
        options = {**options, "scaling": "none"}
    if len(texts) > 1 and (f0_in or f0_out):
        raise ConfigError("an F0 curve goes with one text", "give --text, or --text-file with --out")
    spec = VoiceSpec(prompt, voice, denoise_ratio, replicate)
    job = Job(
        "tts",
        texts,
        model,
        device,
        overwrite,
        skip_existing and not streams,
        options=options,
        control=control,
        files=[f0_out],
        inputs=[text_file, f0_in, *spec.files],
        checked=not streams,
    )

    from hiervox.bins.speaking import Extras, write_text
    from hiervox.models.base.pipelines.pitch_curve import read_pitch_curve

    curve, controls = read_pitch_curve(f0_in) if f0_in else None, job.controls
    pipeline: TextToSpeech[SpeechControls] = job.pipeline
    asked = spec.request(job, f0_in)
    items = job.items(lambda one: {"text": one.text, **asked})
    read = _read_all(pipeline, [item.input for item in items], controls)
    target_voice = spec.voice(pipeline) if items else None
    for item, sequences in zip(items, read, strict=True):
        assert target_voice is not None
        if streams:
            _stream(pipeline, sequences, target_voice, controls)
        else:
            write_text(item, sequences, pipeline, target_voice, controls, Extras(curve, f0_out, plots))


def _stream(
    pipeline: TextToSpeech[SpeechControls],
    sequences: list[TokenSequence],
    voice: Voice,
    controls: SpeechControls,
) -> None:
    from hiervox.processors.audio_writing import stream_wav

    chunks = pipeline.tts_stream(sequences, voice, controls)
    stream_wav(sys.stdout.buffer, chunks, pipeline.output_rate(controls))


def _refuse_with_stream(options: dict[str, object]) -> None:
    given = [name for name, value in options.items() if value]
    if given:
        raise ConfigError(f"{given[0]} does not go with a stream", "name a file with --out")
    if sys.stdout.isatty():
        raise ConfigError("a terminal can't play sound", "pipe it to a player, or name a file with --out")


def _read_all(
    pipeline: TextToSpeech[SpeechControls], texts: Sequence[Text], controls: SpeechControls
) -> list[list[TokenSequence]]:
    """Read every text once, before anything is spoken; all that can't be spoken are named."""
    read: list[list[TokenSequence]] = []
    bad: list[tuple[str, HierVoxError]] = []
    for one in texts:
        try:
            read.append(pipeline.read(one.text, controls.language))
        except TextError as error:
            bad.append((one.place, error))
    if len(bad) == 1:
        ((place, first),) = bad
        raise type(first)(f"{place}: {first.problem}", first.hint) from first
    if bad:
        named = "; ".join(f"{place}: {error.problem}" for place, error in bad[:MOST_NAMED])
        more = f"; and {len(bad) - MOST_NAMED} more" if len(bad) > MOST_NAMED else ""
        raise TextError(f"{len(bad)} of {len(texts)} texts can't be spoken: {named}{more}", bad[0][1].hint)
    return read
