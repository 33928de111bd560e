"""Random access to a cut manifest that does not fit memory: 48 bytes a cut, mapped from the disk.

Beside `cuts.jsonl.gz` stands the folder `cuts.index`, made once, when a manifest is first trained on::

    VERSION/cuts.jsonl   the manifest, uncompressed
    VERSION/table.npy    of each cut: where its line is, its length, its tokens
    VERSION/ids.jsonl    all ids
    VERSION/summary.json languages, speakers, symbols that were left out, fields of cuts, a fingerprint
"""

from __future__ import annotations

import hashlib
import json
import mmap
import shutil
import tempfile
from array import array
from collections import Counter
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hiervox.models.base.data.manifest import cut_of, iterate_trees, manifest_file
from hiervox.utils.errors import DataError
from hiervox.utils.files import require_writable, write_json
from hiervox.utils.host import user

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from numpy.typing import NDArray

    from hiervox.models.base.data.setup import FeatureSetup

INDEX_SUFFIX = ".index"
FORMAT = 2
ROWS_AT_ONCE = 4096
ROW = np.dtype(
    [
        ("offset", "<i8"),
        ("samples", "<i8"),
        ("rate", "<i4"),
        ("stored_samples", "<i8"),
        ("stored_rate", "<i4"),
        ("tokens", "<i4"),
        ("speaker", "<i4"),
        ("fields", "<i4"),
    ]
)
"""Of a cut: its line's place, its length by the header and as stored, its tokens (-1: none), which of
`CutIndex.speakers` speaks it (-1: nobody known), and which of `CutIndex.fields` it has."""


def seconds_of(table: NDArray[Any]) -> float:
    """Of audio, of rows of an index's table."""
    return float((table["samples"] / table["rate"]).sum())


class CutIndex:
    """The cuts of a manifest by number.

    Args:
        manifest: the manifest.
        folder: the index of it, as `open_index` makes it.
    """

    def __init__(self, manifest: Path, folder: Path) -> None:
        self.manifest = manifest
        self.folder = folder
        self.table: NDArray[Any] = np.load(folder / "table.npy", mmap_mode="r")
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        self.languages: dict[str, str] = summary["languages"]
        self.left_out: Counter[str] = Counter(summary["left_out"])
        self.speakers: list[str] = summary["speakers"]
        self.fields: list[list[str]] = summary["fields"]
        self.fingerprint: str = summary["fingerprint"]
        """SHA-256 of all cuts, without the places of their files."""

    def __len__(self) -> int:
        """How many cuts there are."""
        return len(self.table)

    def __str__(self) -> str:
        """What the user named."""
        return str(self.manifest)

    def cut(self, number: int) -> DataCut:
        """One cut; its line alone is read."""
        offset = int(self.table["offset"][number])
        line = self._lines[offset : self._lines.find(b"\n", offset)]
        return cut_of(json.loads(line), self.manifest, number + 1)

    @cached_property
    def _lines(self) -> mmap.mmap:
        with (self.folder / "cuts.jsonl").open("rb") as stream:
            return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)

    def __getstate__(self) -> tuple[Path, Path]:
        """A map of a file can't be sent to another process; its name can."""
        return self.manifest, self.folder

    def __setstate__(self, state: tuple[Path, Path]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    def cuts(self) -> Iterator[DataCut]:
        """All cuts, one after the other."""
        return (self.cut(number) for number in range(len(self)))

    def ids(self) -> Iterator[str]:
        """All ids, one after the other."""
        return _read_ids(self.folder)

    def frames(self, setup: FeatureSetup) -> NDArray[np.int64]:
        """Frames of every cut, as `utterance_frames` counts them: (n,)."""
        table = self.table
        rate = table["rate"].astype(np.int64)
        samples = -(-table["samples"] * setup.sample_rate // rate)
        hop, multiple = setup.hop_length, setup.pad_multiple
        frames = -(-samples // hop) if multiple is None else (samples // multiple + 1) * (multiple // hop)
        stored = table["stored_rate"] == setup.sample_rate
        result: NDArray[np.int64] = np.where(stored, table["stored_samples"] // hop, frames)
        return result


def open_index(path: Path) -> CutIndex:
    """The index of a manifest; it is made where there is none, or one of an older manifest.

    Raises:
        DataError: the manifest can't be used.
    """
    manifest = manifest_file(path)
    status = manifest.stat()
    return _open(manifest, f"{FORMAT}-{status.st_mtime_ns:x}-{status.st_size:x}")


@lru_cache(maxsize=4)
def _open(manifest: Path, version: str) -> CutIndex:
    folder = _place(manifest)
    if not (folder / version).is_dir():
        _build(manifest, folder, version)
    return CutIndex(manifest, folder / version)


def _place(manifest: Path) -> Path:
    """Beside the manifest, or, where nothing can be written there, in the temporary folder."""
    stem = manifest.name.removesuffix(".gz").removesuffix(".jsonl")
    folder = manifest.with_name(stem + INDEX_SUFFIX)
    try:
        require_writable(folder)
    except OSError:
        name = hashlib.sha256(str(manifest).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"hiervox-{user()}" / (name + INDEX_SUFFIX)
    return folder


def _build(manifest: Path, folder: Path, version: str) -> None:
    """Make an index under a name of its own; of processes that make one at once the first wins."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".index-", dir=folder))
    try:
        _write(manifest, temporary)
        for old in folder.iterdir():
            if old != temporary and old.name != version and not old.name.startswith("."):
                shutil.rmtree(old, ignore_errors=True)
        if not (folder / version).is_dir():
            temporary.rename(folder / version)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write(manifest: Path, folder: Path) -> None:
    from tqdm import tqdm

    table, summary, digests = _Table(), _Summary(), array("Q")
    offset = 0
    with (
        (folder / "cuts.jsonl").open("wb") as lines,
        (folder / "ids.jsonl").open("w", encoding="utf-8") as ids,
    ):
        for tree in tqdm(iterate_trees(manifest), desc="index", unit=" cuts", disable=None, delay=2):
            table.add((offset, *_lengths(tree), _count_tokens(tree, manifest), *summary.add(tree)))
            digests.append(_digest(tree["id"]))
            ids.write(json.dumps(tree["id"]) + "\n")
            offset += lines.write(json.dumps(tree, ensure_ascii=False).encode() + b"\n")
    if not digests:
        raise DataError(f"{manifest} holds no cuts", "see the report of `hiervox validate`")
    _require_distinct(digests, folder, manifest)
    np.save(folder / "table.npy", table.array())
    write_json(folder / "summary.json", summary.tree())


def _digest(identity: str) -> int:
    """Eight bytes that stand for an id."""
    return int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=8).digest(), "little")


def _require_distinct(digests: array[int], folder: Path, manifest: Path) -> None:
    values, counts = np.unique(np.array(digests), return_counts=True)
    if len(values) == len(digests):
        return
    twice = set(values[counts > 1].tolist())
    first = next(identity for identity in _read_ids(folder) if _digest(identity) in twice)
    raise DataError(f"{manifest} holds the id {first!r} twice", "make ids unique")


def _read_ids(folder: Path) -> Iterator[str]:
    with (folder / "ids.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


class _Table:
    """Rows that become one array, without a Python object for each."""

    def __init__(self) -> None:
        self._full: list[NDArray[Any]] = []
        self._rows: list[tuple[int, ...]] = []

    def add(self, row: tuple[int, ...]) -> None:
        """Append a row of `ROW`."""
        self._rows.append(row)
        if len(self._rows) == ROWS_AT_ONCE:
            self._full.append(np.array(self._rows, ROW))
            self._rows = []

    def array(self) -> NDArray[Any]:
        """All rows (n,)."""
        return np.concatenate([*self._full, np.array(self._rows, ROW)])


class _Summary:
    """What is to know of a corpus as a whole."""

    def __init__(self) -> None:
        self.languages: dict[str, str] = {}
        self.left_out: Counter[str] = Counter()
        self.speakers: dict[str, int] = {}
        self.fields: dict[tuple[str, ...], int] = {}
        self.digest = hashlib.sha256()

    def add(self, tree: dict[str, Any]) -> tuple[int, int]:
        """Count a cut; returns the numbers of its speaker and of its set of fields."""
        self.digest.update(json.dumps(_without_places(tree), sort_keys=True).encode())
        speaker = -1
        for supervision in tree.get("supervisions", []):
            if supervision.get("text") is not None:
                self.languages.setdefault(supervision.get("language") or "", tree["id"])
            if supervision.get("speaker") is not None:
                speaker = self.speakers.setdefault(str(supervision["speaker"]), len(self.speakers))
            self.left_out.update((supervision.get("custom") or {}).get("left_out", ""))
        key = tuple(sorted(tree.get("custom") or {}))
        return speaker, self.fields.setdefault(key, len(self.fields))

    def tree(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "languages": self.languages,
            "left_out": self.left_out,
            "speakers": list(self.speakers),
            "fields": list(self.fields),
            "fingerprint": self.digest.hexdigest(),
        }


def _without_places(tree: dict[str, Any]) -> dict[str, Any]:
    """A cut without the names of files and folders, so that a corpus that was moved is the same."""
    custom = {
        name: {**value, "array": {**value["array"], "storage_path": ""}}
        if isinstance(value, dict) and isinstance(value.get("array"), dict)
        else value
        for name, value in (tree.get("custom") or {}).items()
    }
    return {**tree, "recording": {**tree["recording"], "sources": []}, "custom": custom}


def _lengths(tree: dict[str, Any]) -> Iterator[int]:
    """Samples and rate by the header, and of the stored waveform (0 where there is none)."""
    rate = int(tree["recording"]["sampling_rate"])
    yield round(tree["duration"] * rate)
    yield rate
    wav = (tree.get("custom") or {}).get("wav")
    yield int(wav["array"]["shape"][0]) if wav else 0
    yield round(1 / wav["frame_shift"]) if wav else 0


def _count_tokens(tree: dict[str, Any], manifest: Path) -> int:
    supervisions = tree.get("supervisions", [])
    if len(supervisions) > 1:
        raise DataError(
            f"cut {tree['id']!r} of {manifest} has {len(supervisions)} supervisions",
            "cut it into utterances with lhotse's trim_to_supervisions",
        )
    tokens = (supervisions[0].get("custom") or {}).get("tokens") if supervisions else None
    return -1 if tokens is None else len(tokens)
