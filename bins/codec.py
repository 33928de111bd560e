"""`hiervox codec`: sound to tokens and back."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.job import Job, RunOptions
from hiervox.bins.options import grouped
from hiervox.bins.verbs import Verb
from hiervox.utils.errors import ConfigError, DataError

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.protocols import Codec, Codes
    from hiervox.processors.audio import Waveform

codec_app = typer.Typer(help="Neural codecs: sound to tokens and back.", no_args_is_help=True)


@codec_app.command()
@grouped
def encode(
    recording: Annotated[Path, typer.Argument(metavar="IN", help="A recording.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file of tokens, such as speech.codes.")],
    run: RunOptions,
    bandwidth: Annotated[
        float | None, typer.Option(help="kbit/s at most. Default: all that the model has.")
    ] = None,
) -> None:
    """Turn a recording into tokens.

    \b
    Examples:
      hiervox codec encode speech.wav --model exp/codec -o speech.codes
      hiervox codec encode speech.wav --model exp/codec --bandwidth 6 -o speech.codes
    """
    job: Job[Path] = Job("codec", {}, **vars(run), files=[out], inputs=[recording])
    codec: Codec = job.pipeline
    codes = _encode(job, recording, out, None if bandwidth is None else _codebooks(codec, bandwidth))
    used, frames = codes.shape
    kilobits = used * codec.frame_rate * math.log2(codec.codebook_size) / 1000
    typer.echo(f"{used} codebooks, {frames} frames, {kilobits:g} kbit/s: {out}")


@codec_app.command()
@grouped
def decode(
    codes_file: Annotated[Path, typer.Argument(metavar="IN", help="What `hiervox codec encode` wrote.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sound file.")],
    run: RunOptions,
) -> None:
    """Turn tokens into sound.

    \b
    Example:
      hiervox codec decode speech.codes --model exp/codec -o again.wav
    """
    job = Job("codec", {out: codes_file}, **vars(run), inputs=[codes_file])
    (item,) = job.items(lambda source: {"input": str(source)})
    item.write(_decoded(job, codes_file), job.pipeline.rate)


def _encode(job: Job[Path], recording: Path, out: Path, codebooks: int | None) -> Codes:
    """Write the tokens of a recording, and return them."""
    from hiervox.models.base.pipelines.codes import record_of, write_codes
    from hiervox.models.base.pipelines.protocols import ScaledCodec
    from hiervox.processors.audio import read_audio

    wav, rate = read_audio(recording)
    pipeline: Codec = job.pipeline
    if isinstance(pipeline, ScaledCodec):
        codes, scales = pipeline.encode_scaled(wav, rate, codebooks)
    else:
        codes, scales = pipeline.encode(wav, rate, codebooks), None
    write_codes(out, codes, record_of(pipeline, job.card.name), scales)
    return codes


def _decoded(job: Job[Path], codes_file: Path) -> Waveform:
    from hiervox.models.base.pipelines.codes import read_codes, record_of
    from hiervox.models.base.pipelines.protocols import ScaledCodec

    codes, record, scales = read_codes(codes_file)
    pipeline: Codec = job.pipeline
    if record != record_of(pipeline, job.card.name):
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
