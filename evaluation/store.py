"""What has been scored already: one line a score, so that an interrupted run loses nothing.

Each process appends to a file of its own; a line that a crash cut is passed over and scored again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np

from hiervox.evaluation.metric import Metric, Scores, Vector
from hiervox.evaluation.table import Utterance
from hiervox.utils.checksums import file_digest
from hiervox.utils.files import missing_folders, naming, replacing_file
from hiervox.utils.json_files import parse_json

FOLDER = "scores"
VECTORS = "vectors"
NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
"""Of a score's key and of a vector, which are parts of a file's name."""
CHUNK_BYTES = 1 << 20
CELLS = ("text", "prompt", "reference", "resynthesized_prompt")


class ScoreStore:
    """The scores of a run, on disk.

    Args:
        folder: the run's.
        process: number or name of this process among those that share the folder.
    """

    def __init__(self, folder: Path, process: int | str = 0) -> None:
        self.folder = folder / FOLDER
        self._own = self.folder / f"{process}.jsonl"
        self._stream: BinaryIO | None = None
        self._made: list[Path] = []
        self._found: dict[str, dict[str, float | str]] = {}

    def __enter__(self) -> ScoreStore:
        self.load()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            with suppress(OSError) if error else nullcontext():  # that the disk is full is told already
                self._stream.close()
            self._stream = None
            if not self._own.stat().st_size:
                self._remove_empty()

    def _remove_empty(self) -> None:
        """Take away this process's file, without a score, and the folders that hold nothing without it."""
        self._own.unlink()
        with suppress(OSError):
            for folder in (self.folder / VECTORS, self.folder, *self._made):
                if folder.exists():
                    folder.rmdir()

    def load(self) -> None:
        """Read what all processes have written so far."""
        for file in sorted(self.folder.glob("*.jsonl")):
            for line in file.read_bytes().splitlines():
                try:
                    entry = parse_json(line)
                    key, scores = entry["key"], dict(entry["scores"])
                except (ValueError, KeyError, TypeError):  # cut by a crash
                    continue
                if isinstance(key, str) and all(
                    NAME.fullmatch(name) for name in (key, *_vector_names(scores))
                ):
                    self._found[key] = scores

    def __contains__(self, key: str) -> bool:
        return key in self._found and all(
            (self.folder / VECTORS / f"{key}.{name}.npy").is_file() for name in self._vectors(key)
        )

    def get(self, key: str) -> Scores:
        """The scores under a key, with their arrays."""
        shown = {name: value for name, value in self._found[key].items() if name != VECTORS}
        arrays = {
            name: np.load(self._file(key, name), mmap_mode="r", allow_pickle=False)
            for name in self._vectors(key)
        }
        return {**shown, **arrays}

    def add(self, key: str, scores: Scores) -> None:
        """Keep scores; they are on their way to the disk when this returns."""
        arrays = {name: value for name, value in scores.items() if isinstance(value, np.ndarray)}
        try:
            self._add(key, scores, arrays)
        except OSError:
            self._found.pop(key, None)
            for name in arrays:
                self._file(key, name).unlink(missing_ok=True)
            raise

    def _add(self, key: str, scores: Scores, arrays: Mapping[str, Vector]) -> None:
        stream = self._opened()
        for name, value in arrays.items():
            self._write_vector(key, name, value)
        shown: dict[str, float | str] = {
            name: value for name, value in scores.items() if not isinstance(value, np.ndarray)
        }
        if arrays:
            shown[VECTORS] = ",".join(arrays)
        self._found[key] = shown
        with naming(self._own):
            stream.write(json.dumps({"key": key, "scores": shown}).encode() + b"\n")
            stream.flush()

    def _opened(self) -> BinaryIO:
        """This process's file; it and its folder are made with the first score."""
        if self._stream is None:
            self._made = missing_folders(self.folder.parent)
            self.folder.mkdir(parents=True, exist_ok=True)
            self._stream = self._own.open("ab")
            if self._stream.tell() and not self._own.read_bytes().endswith(b"\n"):
                self._stream.write(b"\n")  # a crash cut the last line
        return self._stream

    def _write_vector(self, key: str, name: str, value: Vector) -> None:
        with replacing_file(self._file(key, name)) as temporary:
            np.save(temporary, value, allow_pickle=False)

    def _file(self, key: str, name: str) -> Path:
        return self.folder / VECTORS / f"{key}.{name}.npy"

    def _vectors(self, key: str) -> list[str]:
        return _vector_names(self._found[key])


def _vector_names(scores: Mapping[str, object]) -> list[str]:
    names = scores.get(VECTORS, "")
    return str(names).split(",") if names else []


def is_score_file(file: Path) -> bool:
    """Whether a file holds scores as `ScoreStore` writes them; a crash may have cut each of its lines."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return False
    start = b'{"key": "'
    return all(line[: len(start)] == start[: len(line)] for line in lines)


def score_key(metric: Metric, utterance: Utterance, models: Mapping[str, str]) -> str:
    """A digest of everything that a metric's scores of one row depend on.

    Args:
        metric: its name, settings and needs count.
        utterance: the texts and contents of the files that the metric reads.
        models: name → checksum of the metric's networks.
    """
    digest = hashlib.sha256(json.dumps([metric.name, dict(metric.settings), dict(models)]).encode())
    digest.update(file_checksum(utterance.audio).encode())
    for cell in metric.needs:
        value = getattr(utterance, cell) if cell in CELLS else None
        digest.update((file_checksum(value) if isinstance(value, Path) else value or "").encode() + b"\0")
    for column in (*metric.texts, *metric.files):
        file = utterance.files.get(column)
        said = utterance.texts.get(column, "") if file is None else file_checksum(file)
        digest.update(f"{column}={said}\0".encode())
    if "record" in metric.needs:
        digest.update(_record_checksum(utterance.audio).encode())
    return digest.hexdigest()[:24]


def _record_checksum(audio: Path) -> str:
    files = (audio.with_name(f"{audio.name}.json"), audio.with_suffix(".json"))
    return "".join(file_checksum(file) for file in files if file.is_file())


def file_checksum(path: Path) -> str:
    """SHA-256 of a file, or of a folder's files with their names; computed once while it stays as it is."""
    if path.is_dir():
        digest = hashlib.sha256()
        for file in sorted(entry for entry in path.rglob("*") if entry.is_file()):
            digest.update(f"{file.relative_to(path).as_posix()}\0{file_checksum(file)}\n".encode())
        return digest.hexdigest()
    status = os.stat(path)
    return _content(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=65536)
def _content(path: Path, size: int, modified: int) -> str:
    return file_digest(path)
