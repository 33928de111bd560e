"""`hiervox tts`: speak a text."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hiervox.bins.controls import NO_OPTIONS, ControlOptions, control_options
from hiervox.bins.job import BatchOptions, Job
from hiervox.bins.options import RayOption, grouped
from hiervox.bins.outputs import PlotsOption
from hiervox.bins.players import Player, found_player
from hiervox.bins.progress import progress
from hiervox.bins.serve import requiring_packages
from hiervox.bins.speaking import Extras, Speaking, write_text
from hiervox.bins.texts import STANDARD_OUTPUT, Text, TextOptions
from hiervox.bins.verbs import Verb
from hiervox.bins.voices import CurveOptions, JobVoices, VoiceOptions
from hiervox.models.base.pipelines.controls import PromptTextControls, ProsodyControls
from hiervox.utils.errors import ConfigError, HierVoxError, TextError

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.controls import SpeechControls
    from hiervox.models.base.pipelines.protocols import TextToSpeech
    from hiervox.models.base.pipelines.token_sequence import TokenSequence
    from hiervox.processors.audio import Waveform
    from hiervox.utils.blocks import Launcher
    from hiervox.utils.ray_launcher import RayLauncher

StreamFormat = Literal["wav", "mp3", "opus", "flac", "aac", "raw"]
MOST_NAMED = 20
"""Bad lines of a text file that one message names."""


class TtsControls(ProsodyControls, PromptTextControls):
    """Controls that have an option of their own."""


@control_options(TtsControls)
@grouped
def tts(
    text: TextOptions,
    like: VoiceOptions,
    curves: CurveOptions,
    run: BatchOptions,
    plots: PlotsOption = False,
    subtitles: Annotated[
        Path | None, typer.Option(help="Write what is said when: NAME.srt, .vtt, or .json with words.")
    ] = None,
    stream_format: Annotated[
        StreamFormat | None,
        typer.Option(help="Of --out -: wav by default; raw is 16-bit samples. Others need the extra serve."),
    ] = None,
    ray: RayOption = None,
    options: ControlOptions = NO_OPTIONS,
) -> None:
    """Speak a text in the voice of a prompt or a named one; without either, in the model's own.

    \b
    Examples:
      hiervox tts "Hello there."
      hiervox tts "Hello there." -o hello.wav --subtitles hello.srt
      hiervox tts "Hello there." --voice willow --rate 48000 -o hello.flac
      hiervox tts "Hello there." --prompt me.wav --prompt-text "It was night." --model mine -o me.mp3
      hiervox tts --text-file lines.txt --prompt me.wav --out-dir spoken --skip-existing
      hiervox tts --table list.csv --out-dir spoken
      echo "Hello there." | hiervox tts - --control noise_scale=0.5 -o hello.mp3
    """
    player, is_open = None, text.is_open
    if is_open:
        beside = plots or subtitles or curves.f0_out or curves.f0_in or stream_format
        player = None if beside else found_player()
        text = replace(text, out=STANDARD_OUTPUT) if player else text.in_free_file()
    texts, streams = text.read(), text.out == STANDARD_OUTPUT
    voices = JobVoices(like, ((each.place, each.like) for each in texts.values()))
    curves.require_one(len(texts), "text")
    _check_subtitles(subtitles, texts)
    if stream_format is not None and not streams:
        raise ConfigError("--stream-format goes with --out -", "name a file by the suffix of its format")
    if streams:
        given = {
            "--plots": plots,
            "--f0-out": curves.f0_out,
            "--f0-in": curves.f0_in,
            "--subtitles": subtitles,
        }
        options = _streamed(options, given, is_played=player is not None)
        run = replace(run, skip_existing=False)
    launcher = None
    if ray is not None:
        beside = curves.f0_in or curves.f0_out or subtitles
        launcher, run = _on_ray(ray, run, goes=text.out_dir is not None and not beside)
    read = [text.text_file, text.table, curves.f0_in, *voices.inputs]
    files = [curves.f0_out, subtitles]
    job = Job("tts", texts, **vars(run), options=options, files=files, inputs=read, checked=not streams)
    extras = Extras(curves.read(), curves.f0_out, plots, subtitles)
    sink = None if not streams else player or partial(_to_standard_output, stream_format or "wav")
    if launcher is not None:
        _speak_elsewhere(job, like, voices, extras, launcher)
        return
    _speak(job, voices, curves, extras, sink)
    if is_open and player is None:
        typer.echo(f"nothing here plays sound: it is in {text.out}", err=True)


def _check_subtitles(subtitles: Path | None, texts: Mapping[Path, Text]) -> None:
    """Refuse subtitles of several texts, of subtitles, or under a name that says no format."""
    if subtitles is None:
        return
    from hiervox.models.base.pipelines.subtitles import SUFFIXES

    if subtitles.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{subtitles} is not a file of subtitles", f"name it {', '.join(SUFFIXES)}")
    if len(texts) > 1 or any(text.cues for text in texts.values()):
        raise ConfigError("--subtitles goes with one text", "make one sound at a time, not of subtitles")


def _speak(
    job: Job[Text], voices: JobVoices, curves: CurveOptions, extras: Extras, sink: Player | None
) -> None:
    """Speak texts, each into its file, or the one into a stream."""
    from hiervox.bins.cues import write_cues

    pipeline = job.pipeline
    items = job.items(lambda text: {"text": text.text, **voices.request(job, text.like, curves.f0_in)})
    texts = [item.input for item in items]
    read = _read_all(pipeline, [part for text in texts for part in _parts(text)], job.controls)
    for item in progress(items, "texts", len(items)):
        own, read = read[: len(_parts(item.input))], read[len(_parts(item.input)) :]
        voice = voices.voice(pipeline, item.input.like)
        if sink is not None:
            chunks = pipeline.tts_stream(own[0], voice, job.controls)
            sink(chunks, pipeline.output_rate(job.controls))
        elif item.input.cues:
            write_cues(item, own, pipeline, voice, job.controls)
        else:
            write_text(item, own[0], pipeline, voice, job.controls, extras)


def _on_ray(ray: str, run: BatchOptions, goes: bool) -> tuple[RayLauncher, BatchOptions]:
    """What speaks on a cluster, and the options of this process, which only reads the texts.

    Raises:
        ConfigError: the output does not go with it.
    """
    from hiervox.utils.ray_launcher import RayLauncher

    if not goes:
        raise ConfigError(
            "--ray goes with several texts and their sounds alone",
            "give --text-file or --table, and --out-dir",
        )
    return RayLauncher(ray, run.device), replace(run, device="cpu")


def _speak_elsewhere(
    job: Job[Text], like: VoiceOptions, voices: JobVoices, extras: Extras, launcher: Launcher
) -> None:
    """Speak texts, each into its file, by other processes."""
    from hiervox.models.base.pipelines.bundle import shared_model
    from hiervox.utils.blocks import told_again

    items = job.items(lambda text: {"text": text.text, **voices.request(job, text.like, None)})
    _read_all(job.pipeline, [item.input for item in items], job.controls)
    work = Speaking(items, like, shared_model(job.model), job.precision, job.controls, extras)
    for number in progress(launcher.run(work, range(len(items))), "texts", len(items)):
        typer.echo(items[number].target)
    again = [replace(each, block=each.block + 1) for each in launcher.redone]
    if again:
        typer.echo(told_again(again, "texts"), err=True)


def _parts(text: Text) -> list[Text]:
    """A text, or what is said in each of its cues."""
    cues = enumerate(text.cues, start=1)
    return [Text(f"cue {number} of {text.place}", cue.text) for number, cue in cues] or [text]


def _to_standard_output(name: StreamFormat, chunks: Iterable[Waveform], rate: int) -> None:
    from hiervox.processors.audio_writing import stream_wav

    if name == "wav":
        stream_wav(sys.stdout.buffer, chunks, rate)
        return
    with requiring_packages("serve"):
        from hiervox.bins.serving.encode import encoder

        made = encoder("pcm" if name == "raw" else name, rate)
    stream = sys.stdout.buffer
    for chunk in chunks:
        stream.write(made.push(chunk))
        stream.flush()
    stream.write(made.finish())
    stream.flush()


def _streamed(
    options: ControlOptions, others: Mapping[str, object], is_played: bool = False
) -> ControlOptions:
    """Controls for standard output, where nothing is scaled.

    Args:
        options: as they were given.
        others: options → their values, which go with files alone.
        is_played: whether a player takes the sound.

    Raises:
        ConfigError: one of those is given, or standard output is a terminal.
    """
    given = [name for name, value in {**others, "--scaling": options.given["scaling"]}.items() if value]
    if given:
        raise ConfigError(f"{given[0]} does not go with a stream", "name a file with --out")
    if sys.stdout.isatty() and not is_played:
        raise ConfigError("a terminal can't play sound", "pipe it to a player, or name a file with --out")
    return options.with_value("scaling", "none")


def _read_all(
    pipeline: TextToSpeech[SpeechControls], texts: Sequence[Text], controls: SpeechControls
) -> list[list[TokenSequence]]:
    """Read every text once, before anything is spoken; all that can't be spoken are named."""
    read: list[list[TokenSequence]] = []
    bad: list[tuple[str, HierVoxError]] = []
    for text in texts:
        try:
            read.append(pipeline.read(text.text, controls.language))
        except TextError as error:
            bad.append((text.place, error))
    if len(bad) == 1:
        ((place, first),) = bad
        raise type(first)(f"{place}: {first.problem}", first.hint) from first
    if bad:
        named = "; ".join(f"{place}: {error.problem}" for place, error in bad[:MOST_NAMED])
        more = f"; and {len(bad) - MOST_NAMED} more" if len(bad) > MOST_NAMED else ""
        raise TextError(f"{len(bad)} of {len(texts)} texts can't be spoken: {named}{more}", bad[0][1].hint)
    return read


VERB = Verb("tts", tts, rank=1)
