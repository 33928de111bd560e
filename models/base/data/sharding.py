"""`hiervox shard`: a manifest and all that it names become shards, in a folder or at a URL."""

from __future__ import annotations

import gzip
import hashlib
import json
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from hiervox.models.base.data.clip import WAV
from hiervox.models.base.data.features import FEATURES_NAME
from hiervox.models.base.data.index import ROW, CutIndex, open_index, seconds_of
from hiervox.models.base.data.processes import extraction_context
from hiervox.models.base.data.randomness import generator_for
from hiervox.models.base.data.shard_encoding import Codec, EncodedBlock, encode_block
from hiervox.models.base.data.shard_format import (
    BLOCK_CUTS,
    CHECKSUMS_NAME,
    IDS_NAME,
    INDEX_FOLDER,
    PLAN_NAME,
    RECORDING,
    SHARDS_NAME,
    STARTS_NAME,
    SUMMARY_NAME,
    TABLE_NAME,
    TAR_END,
    ShardEntry,
    ShardFile,
    ShardList,
    ShardPlan,
    index_file,
    shard_file,
)
from hiervox.models.base.data.vocabulary import TEXT_NAME
from hiervox.utils.checksums import file_digest
from hiervox.utils.errors import DataError, reason
from hiervox.utils.outputs import check_outputs
from hiervox.utils.storage import Storage

if TYPE_CHECKING:
    from numpy.typing import NDArray

OWN_NAMES = (
    PLAN_NAME,
    SHARDS_NAME,
    TABLE_NAME,
    STARTS_NAME,
    CHECKSUMS_NAME,
    IDS_NAME,
    SUMMARY_NAME,
    FEATURES_NAME,
    TEXT_NAME,
)
MOST_SHARD_BYTES = 2**32 - 2**28
"""Places in a shard are kept in 32 bits."""


@dataclass(frozen=True)
class Sharding:
    """What a corpus of shards holds.

    Attributes:
        cuts, seconds, bytes: in all shards.
        shards: how many there are.
        written: how many of them this run wrote; the others were there.
    """

    cuts: int
    seconds: float
    bytes: int
    shards: int
    written: int


def shard(
    manifest: Path,
    out: Path,
    codec: Codec = "flac",
    shard_bytes: int = 512 * 10**6,
    recordings: bool = True,
    jobs: int = 1,
    seed: int = 0,
) -> Sharding:
    """Write the cuts of a manifest, in a random order, with their recordings and stored arrays as shards.

    A run that was stopped goes on behind the last shard that is whole when it is started again.

    Args:
        manifest: cuts, or the folder of `hiervox extract`.
        out: a folder or a URL.
        codec: of sound.
        shard_bytes: a shard ends where it has so many.
        recordings: whether the recordings are written; without them, the stored waveforms must be there.
        jobs: processes that encode.
        seed: of the order.

    Raises:
        DataError: something can't be read or written; `out` holds other shards; there are no waveforms.
        ConfigError: the folder `out` holds files of these names that are no shards'.
    """
    if not 0 < shard_bytes <= MOST_SHARD_BYTES:
        raise DataError(
            f"shards can't have {shard_bytes} bytes", f"choose 1 to {MOST_SHARD_BYTES // 10**6} MB"
        )
    index, storage = open_index(manifest), Storage(out)
    plan = ShardPlan(
        source=index.fingerprint,
        codec=codec,
        shard_bytes=shard_bytes,
        seed=seed,
        fields=_fields(index, recordings),
    )
    if storage.url is None:
        files = [Path(storage.root) / name for name in OWN_NAMES]
        check_outputs(files, inputs=[index.manifest], is_own=_is_of_shards)
    done = _begun(storage, plan)
    if done is None:
        whole = ShardList.model_validate_json(storage.read(SHARDS_NAME))
        return _told(whole, written=0)
    order = np.arange(len(index))
    generator_for("shard", seed).shuffle(order)
    entries = list(done)
    first = sum(entry.cuts for entry in entries)
    for entry in _write_shards(index, order[first:], plan, storage, len(entries), jobs):
        entries.append(entry)
    return _told(_finish(index, order, plan, storage, entries), written=len(entries) - len(done))


def _is_of_shards(file: Path) -> bool:
    """Whether a file is of an earlier run, which wrote its plan before all else."""
    try:
        ShardPlan.model_validate_json((file.parent / PLAN_NAME).read_bytes())
    except (OSError, ValueError):
        return False
    return True


def _told(whole: ShardList, written: int) -> Sharding:
    size = sum(file.bytes for entry in whole.shards for file in entry.files.values())
    return Sharding(whole.cuts, whole.seconds, size, len(whole.shards), written)


def _fields(index: CutIndex, recordings: bool) -> tuple[str, ...]:
    """What gets a tar file.

    Raises:
        DataError: without recordings, a cut has no stored waveform; or an array is in no feature file.
    """
    from lhotse.array import TemporalArray

    names: set[str] = set()
    for kind in np.unique(index.table["fields"]).tolist():
        cut = index.cut(int(np.argmax(index.table["fields"] == kind)))
        arrays = {name for name, value in (cut.custom or {}).items() if isinstance(value, TemporalArray)}
        if not recordings and WAV not in arrays:
            raise DataError(
                f"cut {cut.id!r} of {index.manifest} has no stored waveform", "shard with the recordings"
            )
        names |= arrays
    return (*((RECORDING,) if recordings else ()), *sorted(names))


def _begun(storage: Storage, plan: ShardPlan) -> list[ShardEntry] | None:
    """The shards that are done already, once the plan is written; None where all are.

    Raises:
        DataError: there are shards of another plan.
    """
    if storage.size(PLAN_NAME) is None:
        if storage.names():
            raise DataError(f"{storage} is not empty", "choose another place")
        _write_text(storage, PLAN_NAME, plan.model_dump_json(indent=2))
        return []
    try:
        former = ShardPlan.model_validate_json(storage.read(PLAN_NAME))
    except ValueError as error:
        raise DataError(
            f"{storage.path(PLAN_NAME)} can't be read ({error})", "choose another place"
        ) from error
    differing = [name for name in type(plan).model_fields if getattr(former, name) != getattr(plan, name)]
    if differing:
        raise DataError(
            f"{storage} holds shards of another plan ({', '.join(differing)})",
            "choose another place, or write what it was begun with",
        )
    if storage.size(SHARDS_NAME) is not None:
        return None
    records = {name for name in Storage(f"{storage}/{INDEX_FOLDER}").names() if name.endswith(".json")}
    entries: list[ShardEntry] = []
    while f"{len(entries):06d}.json" in records:
        entries.append(ShardEntry.model_validate_json(storage.read(index_file(len(entries), "json"))))
    return entries


def _write_shards(
    index: CutIndex, order: NDArray[np.int64], plan: ShardPlan, storage: Storage, number: int, jobs: int
) -> Iterator[ShardEntry]:
    """Shard after shard, from `number` on."""
    from tqdm import tqdm

    groups = [order[start : start + BLOCK_CUTS] for start in range(0, len(order), BLOCK_CUTS)]
    total, first = len(index), len(index) - len(order)
    with (
        tqdm(total=total, initial=first, desc="shard", unit=" cuts", disable=None) as bar,
        ExitStack() as stack,
    ):
        writer: _ShardWriter | None = None
        for numbers, block in zip(groups, _encoded(index, groups, plan, jobs), strict=True):
            writer = writer or stack.enter_context(_ShardWriter(plan.fields))
            writer.add(index.table[numbers], block)
            bar.update(len(numbers))
            if writer.size >= plan.shard_bytes:
                yield writer.save(storage, number)
                stack.close()
                writer, number = None, number + 1
        if writer is not None:
            yield writer.save(storage, number)


def _encoded(
    index: CutIndex, groups: Sequence[NDArray[np.int64]], plan: ShardPlan, jobs: int
) -> Iterator[EncodedBlock]:
    """The blocks in order, by this process or by others."""
    codec: Any = plan.codec
    if jobs <= 1:
        for numbers in groups:
            yield encode_block(index, numbers.tolist(), plan.fields, codec)
        return
    waiting: deque[Future[EncodedBlock]] = deque()
    with ProcessPoolExecutor(jobs, mp_context=extraction_context("cpu")) as pool:
        try:
            for numbers in groups:
                waiting.append(pool.submit(encode_block, index, numbers.tolist(), plan.fields, codec))
                if len(waiting) > 2 * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise DataError(
                "a process that encoded died (mostly: out of memory)", "run it again, with fewer --jobs"
            ) from error
        finally:
            for future in waiting:
                future.cancel()


class _ShardWriter:
    """One shard in a temporary folder, until it is whole.

    Args:
        fields: which have tar files.
    """

    def __init__(self, fields: Sequence[str]) -> None:
        self.fields = fields
        self.ids: list[str] = []
        self._rows: list[NDArray[Any]] = []
        self._starts: list[NDArray[np.int64]] = []
        self._checksums: list[NDArray[np.uint32]] = []

    def __enter__(self) -> _ShardWriter:
        self._stack = ExitStack()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="hiervox-shard-"))
        self._folder = Path(folder)
        self._streams: dict[str, BinaryIO] = {}
        self._digests = {name: hashlib.sha256() for name in ("cuts", *self.fields)}
        self._sizes = dict.fromkeys(("cuts", *self.fields), 0)
        for name in self._sizes:
            self._streams[name] = self._stack.enter_context((self._folder / name).open("wb"))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @property
    def size(self) -> int:
        """Of all files so far."""
        return sum(self._sizes.values())

    def add(self, rows: NDArray[Any], block: EncodedBlock) -> None:
        """Append a block; `rows` are its cuts in the table of the manifest's index."""
        rows = rows.copy()
        rows["offset"] = self._sizes["cuts"]
        before = np.array([self._sizes[field] for field in self.fields], np.int64)
        self._rows.append(rows)
        self._starts.append(before + np.cumsum(block.sizes, axis=0) - block.sizes)
        self._checksums.append(block.checksums)
        self.ids += block.ids
        self._append("cuts", block.lines)
        for field in self.fields:
            self._append(field, block.members[field])

    def _append(self, name: str, data: bytes) -> None:
        self._streams[name].write(data)
        self._digests[name].update(data)
        self._sizes[name] += len(data)

    def save(self, storage: Storage, number: int) -> ShardEntry:
        """Copy all files to their place; the note that the shard is done comes last."""
        for field in self.fields:
            self._append(field, TAR_END)
        files = {}
        for name, stream in self._streams.items():
            stream.close()
            storage.write(shard_file(name, number), self._folder / name)
            files[name] = ShardFile(bytes=self._sizes[name], sha256=self._digests[name].hexdigest())
        rows, checksums = np.concatenate(self._rows), np.concatenate(self._checksums)
        starts = np.concatenate(self._starts).astype(np.uint32)
        with (self._folder / "index").open("wb") as stream:
            np.savez(stream, rows=rows, starts=starts, checksums=checksums)
        storage.write(index_file(number, "npz"), self._folder / "index")
        entry = ShardEntry(cuts=len(self.ids), files=files)
        _write_text(storage, index_file(number, "json"), entry.model_dump_json(indent=2))
        return entry


def _finish(
    index: CutIndex,
    order: NDArray[np.int64],
    plan: ShardPlan,
    storage: Storage,
    entries: Sequence[ShardEntry],
) -> ShardList:
    """Write what is to know of all shards together."""
    import io

    n, fields = len(index), len(plan.fields)
    table, starts, checksums = np.empty(n, ROW), np.empty((n, fields), np.uint32), np.empty(n, np.uint32)
    place = 0
    for number, entry in enumerate(entries):
        part = np.load(io.BytesIO(storage.read(index_file(number, "npz"))), allow_pickle=False)
        rows = slice(place, place + entry.cuts)
        table[rows], starts[rows], checksums[rows] = part["rows"], part["starts"], part["checksums"]
        place += entry.cuts
    if place != n:
        raise DataError(f"{storage} holds {place} of {n} cuts", "shard into another place")
    files: dict[str, ShardFile] = {}
    with tempfile.TemporaryDirectory(prefix="hiervox-shard-") as name:
        folder = Path(name)
        np.save(folder / TABLE_NAME, table)
        np.save(folder / STARTS_NAME, starts)
        np.save(folder / CHECKSUMS_NAME, checksums)
        _write_ids(index, order, folder / IDS_NAME)
        summary = json.loads((index.folder / SUMMARY_NAME).read_text(encoding="utf-8"))
        own = hashlib.sha256(f"{plan.model_dump_json()}".encode()).hexdigest()
        (folder / SUMMARY_NAME).write_text(json.dumps({**summary, "fingerprint": own}), encoding="utf-8")
        for beside in (FEATURES_NAME, TEXT_NAME):
            if (index.manifest.parent / beside).is_file():
                (folder / beside).write_bytes((index.manifest.parent / beside).read_bytes())
        for file in sorted(folder.iterdir()):
            storage.write(file.name, file)
            files[file.name] = ShardFile(bytes=file.stat().st_size, sha256=file_digest(file))
    seconds = seconds_of(table)
    whole = ShardList(plan=plan, cuts=n, seconds=seconds, shards=tuple(entries), files=files)
    _write_text(storage, SHARDS_NAME, whole.model_dump_json(indent=2))
    return whole


def _write_ids(index: CutIndex, order: NDArray[np.int64], path: Path) -> None:
    """All ids in the order of the shards."""
    ids = list(index.ids())
    lines = "".join(json.dumps(ids[number]) + "\n" for number in order.tolist())
    path.write_bytes(gzip.compress(lines.encode(), compresslevel=5, mtime=0))


def _write_text(storage: Storage, name: str, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", prefix="hiervox-") as stream:
        stream.write(text + "\n")
        stream.flush()
        storage.write(name, Path(stream.name))


def read_list(storage: Storage) -> ShardList:
    """`shards.json` of a corpus.

    Raises:
        DataError: it is not there, or broken, or of another version.
    """
    if storage.size(SHARDS_NAME) is None:
        raise DataError(f"{storage} holds no whole corpus of shards", "write one with `hiervox shard`")
    try:
        return ShardList.model_validate_json(storage.read(SHARDS_NAME))
    except ValueError as error:
        raise DataError(
            f"{storage.path(SHARDS_NAME)} can't be read ({reason(error)})", "shard again"
        ) from error
