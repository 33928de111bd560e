"""Reading a corpus of shards: what is known of all cuts, and the bytes of some.

The tables of `hiervox.models.base.data.shard_format` are copied once into a folder of this machine. Sound and
arrays come in chunks: runs of cuts of one shard, fetched by ranges of bytes into a cache.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import tempfile
import zlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hiervox.models.base.data.index import CutIndex, open_index
from hiervox.models.base.data.shard_format import (
    BLOCK_CUTS,
    CHECKSUMS_NAME,
    IDS_NAME,
    RECORDING,
    SHARDS_NAME,
    STARTS_NAME,
    TAR_END,
    ShardList,
    is_shards,
    placed_array,
    shard_file,
)
from hiervox.models.base.data.shard_members import PLACE
from hiervox.models.base.data.sharding import read_list
from hiervox.utils.errors import DataError, reason
from hiervox.utils.litter import own_prefix
from hiervox.utils.storage import Storage, hiervox_home

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from numpy.typing import NDArray

    from hiervox.models.base.config import DataConfig

CHUNK_BYTES = 16 * 2**20
"""Of a chunk, about: a request of this size is near the full speed of object storage."""
LINES_NAME = "cuts.jsonl"
DAMAGED_TRIES = 3
"""How often a chunk is fetched whose checksums are wrong."""


@dataclass(frozen=True)
class Chunk:
    """A run of cuts of one shard.

    Attributes:
        shard: its number.
        first, last: the cuts from number `first` up to `last`, counted over the whole corpus.
    """

    shard: int
    first: int
    last: int

    @property
    def name(self) -> str:
        """Of its folder in a cache."""
        return f"{self.first:09d}-{self.last:09d}"


def open_corpus(data: DataConfig) -> CutIndex:
    """The index of `data.cuts`, a manifest or shards.

    Raises:
        DataError: there is none, or it is broken.
    """
    if is_shards(data.cuts):
        return open_shards(data.cuts, data.stream.cache_dir if data.stream else None)
    return open_index(data.cuts)


def features_folder(data: DataConfig) -> Path:
    """Where `features.json` and `text.json` of `data.cuts` are on this machine."""
    if is_shards(data.cuts):
        return open_corpus(data).folder
    return data.cuts if data.cuts.is_dir() else data.cuts.parent


def open_shards(cuts: Path, cache_dir: Path | None = None) -> ShardIndex:
    """What is known of a corpus of shards, copied to this machine where it is not there yet.

    Args:
        cuts: the folder or URL of `hiervox shard`.
        cache_dir: where copies go; by default `shards` in $HIERVOX_HOME or `~/.cache/hiervox`.

    Raises:
        DataError: it is not there, can't be read, or is damaged.
    """
    return _open(str(Storage(cuts)), cache_dir or hiervox_home() / "shards")


@lru_cache(maxsize=4)
def _open(root: str, cache_dir: Path) -> ShardIndex:
    storage = Storage(root)
    listed = read_list(storage)
    described = listed.model_dump_json()
    key = hashlib.sha256(f"{root}\n{described}".encode()).hexdigest()[:16]
    folder = cache_dir / key / "tables"
    if not folder.is_dir():
        _copy_tables(storage, listed, folder)
    return ShardIndex(root, folder)


def _copy_tables(storage: Storage, listed: ShardList, folder: Path) -> None:
    """Fetch what stands beside the shards; of processes that do so at once the first wins."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=own_prefix(), dir=folder.parent))
    except OSError as error:
        raise DataError(f"can't write into {folder.parent} ({error})", "set data.stream.cache_dir") from error
    try:
        for name, file in listed.files.items():
            data = storage.read(name)
            if len(data) != file.bytes or hashlib.sha256(data).hexdigest() != file.sha256:
                raise DataError(f"{storage.path(name)} is damaged", "shard again, or restore it")
            data = gzip.decompress(data) if name == IDS_NAME else data
            (temporary / name.removesuffix(".gz")).write_bytes(data)
        (temporary / SHARDS_NAME).write_text(listed.model_dump_json(), encoding="utf-8")
        if not folder.is_dir():
            temporary.rename(folder)
    except OSError as error:
        if not folder.is_dir():
            raise DataError(f"can't write {folder} ({error})", "set data.stream.cache_dir") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


class ShardIndex(CutIndex):
    """The cuts of a corpus of shards by number.

    Args:
        root: folder or URL of the corpus.
        folder: its tables on this machine.

    Raises:
        DataError: the tables and the shards don't hold equally many cuts.
    """

    def __init__(self, root: str, folder: Path) -> None:
        super().__init__(Path(root), folder)
        self.storage = Storage(root)
        self.listed = ShardList.model_validate_json((folder / SHARDS_NAME).read_text(encoding="utf-8"))
        self.fields_of_shards = self.listed.plan.fields
        self._starts: NDArray[np.uint32] = np.load(folder / STARTS_NAME, mmap_mode="r")
        self._checksums: NDArray[np.uint32] = np.load(folder / CHECKSUMS_NAME, mmap_mode="r")
        self.firsts = np.cumsum([0, *(entry.cuts for entry in self.listed.shards)])
        """Number of each shard's first cut, and at last how many cuts there are, (shards + 1,)."""
        if not len(self.table) == len(self._starts) == len(self._checksums) == self.firsts[-1]:
            raise DataError(
                f"{self} lists {len(self.table)} cuts, and its shards hold {self.firsts[-1]}", "shard again"
            )

    def __str__(self) -> str:
        return str(self.storage)

    def __getstate__(self) -> tuple[Any, Path]:
        return str(self.storage), self.folder

    def __setstate__(self, state: tuple[Any, Path]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    def cut(self, number: int) -> DataCut:
        """One cut without sound and arrays; its block's part of the manifest is fetched."""
        chunk = self.alone(number)
        return placed_cut(self._fetch_lines(chunk)[0], self.fields_of_shards, None, {})

    def alone(self, number: int) -> Chunk:
        """The chunk of one cut."""
        shard = int(np.searchsorted(self.firsts, number, side="right")) - 1
        return Chunk(shard, number, number + 1)

    @cached_property
    def chunks(self) -> list[Chunk]:
        """All cuts in runs of whole blocks of about `CHUNK_BYTES`, in order."""
        found = []
        for shard in range(len(self.listed.shards)):
            first, end = int(self.firsts[shard]), int(self.firsts[shard + 1])
            edges = np.append(np.arange(first, end, BLOCK_CUTS), end)
            places = self._starts[edges[:-1]].sum(axis=1, dtype=np.int64)
            places = np.append(places, self._ends(shard, end).sum())
            start = 0
            while start < len(edges) - 1:
                stop = int(np.searchsorted(places, places[start] + CHUNK_BYTES, side="right")) - 1
                stop = max(start + 1, min(stop, len(edges) - 1))
                found.append(Chunk(shard, int(edges[start]), int(edges[stop])))
                start = stop
        return found

    def _ends(self, shard: int, number: int) -> NDArray[np.int64]:
        """Where the cuts of a shard before `number` end in each field's file, (fields,)."""
        if number < self.firsts[shard + 1]:
            return self._starts[number].astype(np.int64)
        files = self.listed.shards[shard].files
        return np.array([files[field].bytes - len(TAR_END) for field in self.fields_of_shards], np.int64)

    def bytes_of(self, chunk: Chunk) -> int:
        """Of its sound and arrays."""
        return int((self._ends(chunk.shard, chunk.last) - self._ends(chunk.shard, chunk.first)).sum())

    def starts_in(self, chunk: Chunk) -> NDArray[np.int64]:
        """Where each cut of a chunk begins in the chunk's files, (cuts, fields)."""
        rows = self._starts[chunk.first : chunk.last].astype(np.int64)
        return rows - rows[0]

    def fetch(self, chunk: Chunk, folder: Path) -> None:
        """Copy a chunk into a new folder, which appears once it is whole and its checksums hold.

        Raises:
            DataError: it can't be read, or is damaged.
        """
        temporary = Path(tempfile.mkdtemp(prefix=own_prefix(), dir=folder.parent))
        try:
            for tried in range(1, DAMAGED_TRIES + 1):
                data = self._read(chunk)
                damaged = self._damaged(chunk, data)
                if damaged is None:
                    break
                if tried == DAMAGED_TRIES:
                    raise DataError(
                        f"shard {chunk.shard} of {self} is damaged (cut {damaged}: its checksum differs)",
                        "restore it, or shard again",
                    )
            for field, content in data.items():
                (temporary / f"{field}.tar").write_bytes(content)
            lines = "".join(json.dumps(tree, ensure_ascii=False) + "\n" for tree in self._fetch_lines(chunk))
            (temporary / LINES_NAME).write_text(lines, encoding="utf-8")
            if not folder.is_dir():
                temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _read(self, chunk: Chunk) -> dict[str, bytes]:
        starts, ends = self._ends(chunk.shard, chunk.first), self._ends(chunk.shard, chunk.last)
        return {
            field: self.storage.read(shard_file(field, chunk.shard), int(start), int(end))
            for field, start, end in zip(self.fields_of_shards, starts, ends, strict=True)
        }

    def _damaged(self, chunk: Chunk, data: dict[str, bytes]) -> int | None:
        """The first cut whose checksum is not that of its bytes."""
        starts = self.starts_in(chunk)
        views = [memoryview(data[field]) for field in self.fields_of_shards]
        ends = np.vstack([starts[1:], [[len(view) for view in views]]])
        for row, expected in enumerate(self._checksums[chunk.first : chunk.last].tolist()):
            checksum = 0
            for view, start, end in zip(views, starts[row].tolist(), ends[row].tolist(), strict=True):
                checksum = zlib.crc32(view[start:end], checksum)
            if checksum != expected:
                return chunk.first + row
        return None

    def _fetch_lines(self, chunk: Chunk) -> list[dict[str, Any]]:
        """The cuts of a chunk as JSON objects.

        Raises:
            DataError: they can't be read, or are other cuts than the tables say.
        """
        shard, base = chunk.shard, int(self.firsts[chunk.shard])
        first = base + (chunk.first - base) // BLOCK_CUTS * BLOCK_CUTS
        after = base - (base - chunk.last) // BLOCK_CUTS * BLOCK_CUTS
        start = int(self.table["offset"][first])
        whole = self.listed.shards[shard].files["cuts"].bytes
        end = int(self.table["offset"][after]) if after < self.firsts[shard + 1] else whole
        try:
            text = gzip.decompress(self.storage.read(shard_file("cuts", shard), start, end))
            trees = [json.loads(line) for line in text.decode().splitlines()]
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise DataError(
                f"the manifest of shard {shard} of {self} is damaged ({reason(error)})", "shard again"
            ) from error
        found = trees[chunk.first - first : chunk.last - first]
        if len(found) != chunk.last - chunk.first:
            raise DataError(
                f"shard {shard} of {self} holds {len(found)} of {chunk.last - chunk.first} cuts",
                "shard again",
            )
        return found


def placed_cut(
    tree: dict[str, Any], fields: tuple[str, ...], folder: Path | None, starts: dict[str, int]
) -> DataCut:
    """A cut of a shard whose sound and arrays are looked for in a chunk's folder.

    Args:
        tree: the cut, as the shard's manifest has it.
        fields: what has a tar file.
        folder: of the chunk; None leaves the cut without sound and arrays.
        starts: where its members begin in these files.
    """
    from lhotse.serialization import deserialize_item

    tree = {**tree, "custom": dict(tree.get("custom") or {})}
    for field in fields if folder is not None else ():
        place, start = f"{folder}/{field}.tar", str(starts[field])
        if field == RECORDING:
            source = {**tree["recording"]["sources"][0], "type": "file", "source": f"{place}{PLACE}{start}"}
            tree["recording"] = {**tree["recording"], "sources": [source]}
        elif field in tree["custom"]:
            tree["custom"][field] = placed_array(tree["custom"][field], place, start)
    cut: DataCut = deserialize_item(tree)
    return cut
