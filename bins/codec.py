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
) -> None:
    """Turn tokens into sound.

    \b
    Examples:
      hiervox codec decode speech.codes --model exp/codec -o again.wav
      hiervox codec decode codes/*.codes --model exp/codec --out-dir again --skip-existing
    """
    job = Job("codec", output.targets(codes_files), **vars(run), inputs=codes_files)
    items = job.items(lambda source: {"input": str(source)})
    for item in progress(items, "files", len(items)):
        item.write(decoded(job.pipeline, job.card.name, item.input), job.pipeline.rate)


def _encode(job: Job[Path], recording: Path, out: Path, codebooks: int | None) -> Codes:
    """Write the tokens of a recording, and return them."""
    import numpy as np

    from hiervox.models.base.pipelines.codes import record_of, write_codes
    from hiervox.models.base.pipelines.protocols import ScaledCodec
    from hiervox.processors.audio import audio_chunks

    pipeline: Codec = job.pipeline
    rate = pipeline.rate
    samples = bytearray()  # which grows in its place, where chunks and their concatenation would be twice it
    for chunk in audio_chunks(recording, rate):
        samples += np.asarray(chunk, np.float32).tobytes()
    wav = np.frombuffer(samples, np.float32)
    if isinstance(pipeline, ScaledCodec):
        codes, scales = pipeline.encode_scaled(wav, rate, codebooks)
    else:
        codes, scales = pipeline.encode(wav, rate, codebooks), None
    write_codes(out, codes, record_of(pipeline, job.card.name), scales)
    return codes


def decoded(pipeline: Codec, system: str, codes_file: Path) -> Waveform:
    """What a file of codes is decoded to (T,) at `pipeline.rate`.

    Raises:
        DataError: it is broken, or of another model.
    """
    from hiervox.models.base.pipelines.codes import read_codes, record_of
    from hiervox.models.base.pipelines.protocols import ScaledCodec

    codes, record, scales = read_codes(codes_file)
    if record != record_of(pipeline, system):
        raise DataError(
            f"{codes_file} holds codes of {record.system} at {record.rate} Hz", "name the model that made it"
        )
    if isinstance(pipeline, ScaledCodec) and scales is not None:
        return pipeline.decode_scaled(codes, scales)
    if isinstance(pipeline, ScaledCodec) or scales is not None:
        raise DataError(f"{codes_file} is not of this model's segments", "name the model that made it")
    return pipeline.decode(codes)


def _codebooks(pipeline: Codec, bandwidth: float) -> int:
    """The most codebooks that fit into a bandwidth (kbit/s)."""
    each = pipeline.frame_rate * math.log2(pipeline.codebook_size) / 1000
    if not math.isfinite(bandwidth) or bandwidth < each:
        raise ConfigError(f"--bandwidth {bandwidth:g} is too low", f"give at least {each:g} kbit/s")
    return min(pipeline.codebooks, int(bandwidth / each + 1e-6))


VERB = Verb("codec", codec_app, rank=9)
