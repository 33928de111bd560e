"""`hiervox tts`: speak a text."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hiervox.bins.controls import NO_OPTIONS, ControlOptions, control_options
from hiervox.bins.job import BatchOptions, Job
from hiervox.bins.options import grouped
from hiervox.bins.outputs import PlotsOption
from hiervox.bins.texts import STANDARD_OUTPUT, Text, TextOptions
from hiervox.bins.verbs import Verb
from hiervox.bins.voices import CurveOptions, VoiceOptions, VoiceSpec
from hiervox.models.base.pipelines.controls import ProsodyControls
from hiervox.utils.errors import ConfigError, HierVoxError, TextError

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.controls import SpeechControls
    from hiervox.models.base.pipelines.protocols import TextToSpeech
    from hiervox.models.base.pipelines.token_sequence import TokenSequence
    from hiervox.models.base.pipelines.voice import Voice

MOST_NAMED = 20
"""Bad lines of a text file that one message names."""


@control_options(ProsodyControls)
@grouped
def tts(
    text: TextOptions,
    like: VoiceOptions,
    curves: CurveOptions,
    run: BatchOptions,
    plots: PlotsOption = False,
    options: ControlOptions = NO_OPTIONS,
) -> None:
    """Speak a text in the voice of a prompt or a named one; without either, in the model's own.

    \b
    Examples:
      hiervox tts "Hello there." -o hello.wav
      hiervox tts "Hello there." --voice willow --rate 48000 -o hello.flac
      hiervox tts --text-file lines.txt --prompt me.wav --out-dir spoken --skip-existing
      echo "Hello there." | hiervox tts - --control noise_scale=0.5 -o hello.mp3
    """
    texts, streams, spec = text.read(), text.out == STANDARD_OUTPUT, like.spec
    curves.require_one(len(texts), "text")
    if streams:
        options = _streamed(options, {"--plots": plots, "--f0-out": curves.f0_out, "--f0-in": curves.f0_in})
        run = replace(run, skip_existing=False)
    read = [text.text_file, curves.f0_in, *spec.inputs]
    job = Job(
        "tts", texts, **vars(run), options=options, files=[curves.f0_out], inputs=read, checked=not streams
    )
    _speak(job, spec, curves, plots, streams)


def _speak(job: Job[Text], spec: VoiceSpec, curves: CurveOptions, plots: bool, streams: bool) -> None:
    """Speak texts in one voice, each into its file, or the one into a stream."""
    from hiervox.bins.speaking import Extras, write_text

    extras, pipeline = Extras(curves.read(), curves.f0_out, plots), job.pipeline
    asked = spec.request(job, curves.f0_in)
    items = job.items(lambda text: {"text": text.text, **asked})
    read = _read_all(pipeline, [item.input for item in items], job.controls)
    voice = spec.voice(pipeline) if items else None
    for item, sequences in zip(items, read, strict=True):
        assert voice is not None
        if streams:
            _stream(pipeline, sequences, voice, job.controls)
        else:
            write_text(item, sequences, pipeline, voice, job.controls, extras)


def _stream(
    pipeline: TextToSpeech[SpeechControls],
    sequences: list[TokenSequence],
    voice: Voice,
    controls: SpeechControls,
) -> None:
    from hiervox.processors.audio_writing import stream_wav

    chunks = pipeline.tts_stream(sequences, voice, controls)
    stream_wav(sys.stdout.buffer, chunks, pipeline.output_rate(controls))


def _streamed(options: ControlOptions, others: Mapping[str, object]) -> ControlOptions:
    """Controls for standard output, where nothing is scaled.

    Args:
        options: as they were given.
        others: options → their values, which go with files alone.

    Raises:
        ConfigError: one of those is given, or standard output is a terminal.
    """
    given = [name for name, value in {**others, "--scaling": options.given["scaling"]}.items() if value]
    if given:
        raise ConfigError(f"{given[0]} does not go with a stream", "name a file with --out")
    if sys.stdout.isatty():
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
