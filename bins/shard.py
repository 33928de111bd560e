"""`hiervox shard`: a manifest becomes shards, in a folder or on object storage."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.tables import JsonOption, echo_json
from hiervox.bins.verbs import DATA, Verb


class Codec(str, Enum):
    """Of sound in shards."""

    flac = "flac"
    opus = "opus"


def shard(
    cuts: Annotated[Path, typer.Option(help="A cut manifest, or the folder of `hiervox extract`.")],
    out: Annotated[Path, typer.Option(help="A new folder, or a URL such as s3://bucket/corpus.")],
    codec: Annotated[Codec, typer.Option(help="Of sound; opus is lossy.")] = Codec.flac,
    shard_size: Annotated[int, typer.Option(metavar="MB", min=1, max=4000, help="Size of a shard.")] = 512,
    recordings: Annotated[
        bool,
        typer.Option(help="Without them, shards hold the stored waveforms alone."),
    ] = True,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that encode.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Write recordings and features as shards (lhotse Shar) that training reads as a stream.

    A run that was stopped goes on where it was when it is started again.

    \b
    Examples:
      hiervox shard --cuts features --out s3://bucket/corpus --jobs 8
      hiervox shard --cuts features --out shards --no-recordings
    """
    from hiervox.models.base.data.sharding import shard as write

    done = write(cuts, out, codec.value, shard_size * 10**6, recordings, jobs)
    if as_json:
        echo_json({**vars(done), "out": str(out)})
        return
    hours, size = done.seconds / 3600, done.bytes / 10**9
    typer.echo(f"{done.cuts} utterances ({hours:.2f} h) in {done.shards} shards ({size:.2f} GB): {out}")


VERB = Verb("shard", shard, panel=DATA, rank=11, writes_urls=True)
