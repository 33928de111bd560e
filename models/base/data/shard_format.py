"""What a corpus of shards looks like, in a folder or at a URL.

Layout::

    shar/cuts.000000.jsonl.gz      the cuts of shard 0, in gzip members of 16 cuts
    shar/recording.000000.tar      their recordings; shar/NAME.000000.tar an array of each, wav as sound
    index/000000.npz .json         its part of the tables, and its files; written last
    plan.json                      what is being written, for going on with it
    table.npy starts.npy checksums.npy ids.jsonl.gz summary.json features.json text.json
    shards.json                    all shards, written last: with it the corpus is whole

`shar` is lhotse's format: `CutSet.from_shar(in_dir=".../shar")` reads it. The tables let one cut be read by
itself: they say where its members begin in each tar file, and a CRC-32 of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hiervox.utils.config import Config
from hiervox.utils.storage import url_of

SHARDS_NAME = "shards.json"
PLAN_NAME = "plan.json"
TABLE_NAME, STARTS_NAME, CHECKSUMS_NAME = "table.npy", "starts.npy", "checksums.npy"
IDS_NAME, SUMMARY_NAME = "ids.jsonl.gz", "summary.json"
DATA_FOLDER, INDEX_FOLDER = "shar", "index"
RECORDING = "recording"
BLOCK_CUTS = 16
"""Cuts to a gzip member of a shard's manifest; what is read at once is a whole number of such blocks."""
TAR_END = bytes(1024)
"""Two blocks of zeros end an archive."""
FORMAT = 1


class ShardFile(Config):
    """A file: its length, and its SHA-256 in hexadecimal digits."""

    bytes: int
    sha256: str


class ShardEntry(Config):
    """A shard: how many cuts it holds, and its files by what they hold (`cuts`, `recording`, …)."""

    cuts: int
    files: dict[str, ShardFile]


class ShardPlan(Config):
    """What shards are made of, and how.

    Attributes:
        format: of the files.
        source: fingerprint of the manifest's cuts.
        codec: of sound.
        shard_bytes: a shard ends with the block that reaches so many.
        seed: of the order of the cuts.
        fields: what has a tar file, in order.
    """

    format: int = FORMAT
    source: str
    codec: str
    shard_bytes: int
    seed: int
    fields: tuple[str, ...]


class ShardList(Config):
    """`shards.json`.

    Attributes:
        plan: what the shards are made of.
        cuts, seconds: in all.
        shards: in order; the cuts of all, one behind the other, have numbers from 0 on.
        files: further files at the top, by name.
    """

    plan: ShardPlan
    cuts: int
    seconds: float
    shards: tuple[ShardEntry, ...]
    files: Mapping[str, ShardFile]


def is_shards(cuts: Path) -> bool:
    """Whether `data.cuts` is a corpus of shards: a URL, or a folder that holds `shards.json`."""
    return url_of(cuts) is not None or (cuts / SHARDS_NAME).is_file()


def shard_file(field: str, number: int) -> str:
    """Name of a file of a shard below the corpus."""
    suffix = "jsonl.gz" if field == "cuts" else "tar"
    return f"{DATA_FOLDER}/{field}.{number:06d}.{suffix}"


def index_file(number: int, suffix: str) -> str:
    """Name of what tells of a shard."""
    return f"{INDEX_FOLDER}/{number:06d}.{suffix}"


def placed_array(tree: dict[str, Any], path: str = "", key: str = "") -> dict[str, Any]:
    """An array of a manifest as a JSON object, that lies elsewhere; by default nowhere, as in a shard."""
    array = {**tree["array"], "storage_type": "shar", "storage_path": path, "storage_key": key}
    return {**tree, "start": 0, "array": array}
