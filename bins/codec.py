"""`hiervox codec`: sound to tokens and back."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.job import BatchOptions, Job, OutputOptions, RunOptions, TokenOutputOptions
from hiervox.bins.options import grouped
from hiervox.bins.progress import progress
from hiervox.bins.verbs import Verb
from hiervox.utils.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hiervox.models.base.pipelines.protocols import Codec, Codes
    from hiervox.processors.audio import Waveform

codec_app = typer.Typer(help="Neural codecs: sound to tokens and back.", no_args_is_help=True)


@codec_app.command()
@grouped
def encode(
    recordings: Annotated[list[Path], typer.Argument(metavar="IN...", help="Recordings.")],
    output: TokenOutputOptions,
    run: RunOptions,
    bandwidth: Annotated[
        float | None, typer.Option(help="kbit/s at most. Default: all that the model has.")
    ] = None,
) -> None:
    """Turn recordings into tokens.

    \b
    Examples:
      hiervox codec encode speech.wav --model exp/codec -o speech.codes
      hiervox codec encode *.wav --model exp/codec --bandwidth 6 --out-dir codes
    """
    targets = output.targets(recordings)
    job: Job[Path] = Job("codec", {}, **vars(run), files=list(targets), inputs=recordings)
    codec: Codec = job.pipeline
    codebooks = None if bandwidth is None else _codebooks(codec, bandwidth)
    for out, recording in progress(targets.items(), "recordings", len(targets)):
        used, frames = _encode(job, recording, out, codebooks).shape
        kilobits = used * codec.frame_rate * math.log2(codec.codebook_size) / 1000
        typer.echo(f"{used} codebooks, {frames} frames, {kilobits:g} kbit/s: {out}")


@codec_app.command()
@grouped
def decode(
    codes_files: Annotated[
        list[Path], typer.Argument(metavar="IN...", help="What `hiervox codec encode` wrote.")
    ],
    output: OutputOptions,
    run: BatchOptions,
    voice: Annotated[
        Path | None,
        typer.Option(
            help="A recording, or its tokens, in whose voice to decode, of models whose tokens leave it out."
        ),
    ] = None,
    attributes: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME",
            help="Of models whose tokens belong to attributes of speech: which of them to decode.",
        ),
    ] = None,
) -> None:
    """Turn tokens into sound.

    \b
    Examples:
      hiervox codec decode speech.codes --model exp/codec -o again.wav
      hiervox codec decode codes/*.codes --model exp/codec --out-dir again --skip-existing
      hiervox codec decode speech.codes --voice other.wav --attributes prosody,content -o converted.wav
    """
    inputs = codes_files if voice is None else [*codes_files, voice]
    job = Job("codec", output.targets(codes_files), **vars(run), inputs=inputs)
    names = None if attributes is None else [name.strip() for name in attributes.split(",")]
    timbre = None if voice is None else _timbre(job.pipeline, job.card.name, voice)
    asked = {"voice": str(voice) if voice else None, "attributes": names}
    items = job.items(
        lambda source: {"input": str(source), **{key: value for key, value in asked.items() if value}}
    )
    for item in progress(items, "files", len(items)):
        wav = decoded(job.pipeline, job.card.name, item.input, timbre, names)
        item.write(wav, job.pipeline.rate)


def _encode(job: Job[Path], recording: Path, out: Path, codebooks: int | None) -> Codes:
    """Write the tokens of a recording, and return them."""
    from hiervox.models.base.pipelines.codes import SCALES, TIMBRE, record_of, write_codes
    from hiervox.models.base.pipelines.protocols import ScaledCodec, VoicedCodec

    pipeline: Codec = job.pipeline
    wav, rate = _samples(recording, pipeline.rate), pipeline.rate
    extras: dict[str, Waveform] = {}
    if isinstance(pipeline, ScaledCodec):
        codes, extras[SCALES] = pipeline.encode_scaled(wav, rate, codebooks)
    elif isinstance(pipeline, VoicedCodec):
        codes, extras[TIMBRE] = pipeline.encode_voiced(wav, rate, codebooks)
    else:
        codes = pipeline.encode(wav, rate, codebooks)
    write_codes(out, codes, record_of(pipeline, job.card.name), extras)
    return codes


def _samples(recording: Path, rate: int) -> Waveform:
    """A recording (T,) at a rate."""
    import numpy as np

    from hiervox.processors.audio import audio_chunks

    samples = bytearray()  # which grows in its place, where chunks and their concatenation would be twice it
    for chunk in audio_chunks(recording, rate):
        samples += np.asarray(chunk, np.float32).tobytes()
    return np.frombuffer(samples, np.float32)


def decoded(
    pipeline: Codec,
    system: str,
    codes_file: Path,
    timbre: Waveform | None = None,
    attributes: Sequence[str] | None = None,
) -> Waveform:
    """What a file of codes is decoded to (T,) at `pipeline.rate`.

    Args:
        pipeline: of the codec.
        system: its name.
        codes_file: what `hiervox codec encode` wrote.
        timbre, attributes: see `VoicedCodec`; the file's own and all where None.

    Raises:
        DataError: it is broken, or of another model.
        ConfigError: the codec is no `VoicedCodec`, and one of the last two is given.
    """
    from hiervox.models.base.pipelines.codes import SCALES, TIMBRE
    from hiervox.models.base.pipelines.protocols import ScaledCodec, VoicedCodec

    codes, extras = _codes_of(pipeline, system, codes_file)
    if isinstance(pipeline, VoicedCodec) and TIMBRE in extras:
        return pipeline.decode_voiced(codes, extras[TIMBRE] if timbre is None else timbre, attributes)
    if timbre is not None or attributes is not None:
        raise ConfigError("the tokens of this model hold the voice", "leave --voice and --attributes out")
    if isinstance(pipeline, ScaledCodec) and SCALES in extras:
        return pipeline.decode_scaled(codes, extras[SCALES])
    if isinstance(pipeline, ScaledCodec | VoicedCodec) or extras:
        raise DataError(f"{codes_file} is not of this model's segments", "name the model that made it")
    return pipeline.decode(codes)


def _codes_of(pipeline: Codec, system: str, codes_file: Path) -> tuple[Codes, dict[str, Waveform]]:
    """What a file holds.

    Raises:
        DataError: it is broken, or of another model.
    """
    from hiervox.models.base.pipelines.codes import read_codes, record_of

    codes, record, extras = read_codes(codes_file)
    if record != record_of(pipeline, system):
        raise DataError(
            f"{codes_file} holds codes of {record.system} at {record.rate} Hz", "name the model that made it"
        )
    return codes, extras


def _timbre(pipeline: Codec, system: str, voice: Path) -> Waveform:
    """The timbre (D,) of a recording or of its tokens.

    Raises:
        ConfigError: the codec is no `VoicedCodec`.
        DataError: the file is broken, or of another model.
    """
    from hiervox.models.base.pipelines.codes import SUFFIX, TIMBRE
    from hiervox.models.base.pipelines.protocols import VoicedCodec

    if not isinstance(pipeline, VoicedCodec):
        raise ConfigError("the tokens of this model hold the voice", "leave --voice out")
    if voice.suffix != SUFFIX:
        return pipeline.encode_voiced(_samples(voice, pipeline.rate), pipeline.rate)[1]
    extras = _codes_of(pipeline, system, voice)[1]
    if TIMBRE not in extras:
        raise DataError(f"{voice} holds no voice", "make it again with `hiervox codec encode`")
    return extras[TIMBRE]


def _codebooks(pipeline: Codec, bandwidth: float) -> int:
    """The most codebooks that fit into a bandwidth (kbit/s)."""
    each = pipeline.frame_rate * math.log2(pipeline.codebook_size) / 1000
    if not math.isfinite(bandwidth) or bandwidth < each:
        raise ConfigError(f"--bandwidth {bandwidth:g} is too low", f"give at least {each:g} kbit/s")
    return min(pipeline.codebooks, int(bandwidth / each + 1e-6))


VERB = Verb("codec", codec_app, rank=9)
