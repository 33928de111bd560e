"""Chunks of shards on this machine: fetched before they are needed, and no more of them than agreed."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from hiervox.models.base.data.shards import LINES_NAME, Chunk, ShardIndex, placed_cut
from hiervox.models.base.data.streaming import Window
from hiervox.utils.errors import ConfigError, DataError, HierVoxError, reason
from hiervox.utils.files import write_json
from hiervox.utils.json_files import read_json
from hiervox.utils.litter import sweep

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut

FETCHERS = 4
"""Chunks that are fetched at once."""
FAILURE_NAME = "failure.json"
FIRST_POLL, LONGEST_POLL = 0.002, 0.1
"""Seconds between two looks at whether a chunk is there."""


class ShardCache:
    """A folder of chunks that one process fills and its workers read.

    Args:
        index: of the corpus.
        folder: of the chunks.
    """

    def __init__(self, index: ShardIndex, folder: Path) -> None:
        self.index = index
        self.folder = folder
        self._lines: dict[str, list[str]] = {}

    def place(self, chunk: Chunk) -> Path:
        """Folder of a chunk, whether it is there or not."""
        return self.folder / chunk.name

    def cut(self, number: int, chunk: Chunk) -> DataCut:
        """A cut with its sound and arrays; waits until its chunk is there.

        Raises:
            DataError: it could not be fetched.
        """
        folder = self.place(chunk)
        _wait(folder, self.folder / FAILURE_NAME)
        if chunk.name not in self._lines:
            if len(self._lines) >= 64:
                self._lines.pop(next(iter(self._lines)))
            self._lines[chunk.name] = (folder / LINES_NAME).read_text(encoding="utf-8").splitlines()
        row = number - chunk.first
        fields = self.index.fields_of_shards
        starts = dict(zip(fields, self.index.starts_in(chunk)[row].tolist(), strict=True))
        return placed_cut(json.loads(self._lines[chunk.name][row]), fields, folder, starts)

    def fetch_all(self, chunks: Iterable[Chunk]) -> None:
        """Fetch chunks that are not there.

        Raises:
            DataError: one can't be fetched.
        """
        missing = [chunk for chunk in chunks if not self.place(chunk).is_dir()]
        with ThreadPoolExecutor(FETCHERS) as pool:
            list(pool.map(lambda chunk: self.index.fetch(chunk, self.place(chunk)), missing))


def _wait(folder: Path, failure: Path) -> None:
    poll, parent = FIRST_POLL, os.getppid()
    while not folder.is_dir():
        if failure.exists():
            told = read_json(failure)
            raise DataError(told["problem"], told["hint"])
        if os.getppid() != parent:  # the process that fetches is dead
            raise DataError(f"nobody fetches {folder}", "continue the run with --resume")
        time.sleep(poll)
        poll = min(LONGEST_POLL, 2 * poll)


@contextmanager
def claimed_folder(base: Path) -> Iterator[Path]:
    """The first of `base`'s numbered folders that no living process uses."""
    number = 0
    while True:
        folder = base / f"chunks-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            number += 1
            continue
        try:
            yield folder
        finally:
            lock.release()
        return


class Prefetcher:
    """Fetches the chunks of windows in their order, while earlier windows are used.

    Args:
        cache: where to.
        windows: in the order of their use.
        ahead: what is fetched behind them as far as there is room, for whoever comes next.
        most_bytes: what the cache may hold; chunks of windows that are done go where there is need of room.
    """

    def __init__(
        self, cache: ShardCache, windows: Iterator[Window], ahead: Iterator[Window], most_bytes: float
    ) -> None:
        self.cache = cache
        self.most_bytes = most_bytes
        self._windows = windows
        self._ahead = ahead
        self._left: deque[Chunk] = deque()
        self._sizes: dict[str, int] = {}
        self._used: dict[str, int] = {}
        self._by_window: dict[int, list[str]] = {}
        self._condition = threading.Condition()
        self._closed = False
        sweep(cache.folder)
        for known in sorted(cache.folder.iterdir(), key=lambda path: path.stat().st_mtime):
            if known.is_dir() and not known.name.startswith("."):
                self._sizes[known.name] = sum(file.stat().st_size for file in known.iterdir())
        (cache.folder / FAILURE_NAME).unlink(missing_ok=True)
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(FETCHERS)]

    def start(self) -> None:
        """Begin to fetch."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Fetch no more; workers that wait for a chunk hear of it."""
        self._fail(DataError(f"the stream of {self.cache.index} was closed", "start another"))

    def release(self, window: int) -> None:
        """Nothing more is read of a window."""
        with self._condition:
            for name in self._by_window.pop(window, ()):
                self._used[name] -= 1
            self._condition.notify_all()

    def _run(self) -> None:
        try:
            while (chunk := self._take()) is not None:
                self.cache.index.fetch(chunk, self.cache.place(chunk))
        except HierVoxError as error:
            self._fail(error)
        except Exception as error:  # such as a full disk: workers that wait must hear of it
            self._fail(DataError(f"can't fetch a chunk of {self.cache.index} ({reason(error)})", "make room"))

    def _fail(self, error: HierVoxError) -> None:
        with self._condition:
            if self._closed:
                return
            self._closed = True
            self._condition.notify_all()
        write_json(self.cache.folder / FAILURE_NAME, {"problem": error.problem, "hint": error.hint})

    def _take(self) -> Chunk | None:
        """The next chunk that is not there, once there is room; None where there are no more."""
        with self._condition:
            while not self._closed:
                if not self._left and not self._begin_window():
                    return None
                chunk = self._left[0]
                if chunk.name in self._sizes:
                    self._left.popleft()
                    continue
                size = self.cache.index.bytes_of(chunk)
                if self._make_room(size):
                    self._left.popleft()
                    self._sizes[chunk.name] = size
                    return chunk
                self._condition.wait(timeout=1.0)
        return None

    def _begin_window(self) -> bool:
        window = next(self._windows, None)
        is_ahead = window is None
        window = next(self._ahead, None) if window is None else window
        if window is None:
            return False
        need = sum(map(self.cache.index.bytes_of, window.chunks))
        if need > self.most_bytes:
            raise ConfigError(
                f"{len(window.cuts)} utterances that are mixed at a time have {need / 1e9:.3g} GB, and "
                f"data.stream.cache_gb is {self.most_bytes / 1e9:g}",
                "raise it, or lower data.stream.shuffle_cuts",
            )
        if not is_ahead:  # it is not given back, and has the number of another
            self._by_window[window.number] = [chunk.name for chunk in window.chunks]
        for chunk in window.chunks:
            self._used[chunk.name] = self._used.get(chunk.name, 0) + 1
        self._left.extend(window.chunks)
        return True

    def _make_room(self, size: int) -> bool:
        """Remove chunks that nobody needs, those first that came first, until `size` more bytes fit."""
        total = sum(self._sizes.values())
        for name in list(self._sizes):
            if total + size <= self.most_bytes:
                break
            if not self._used.get(name):
                total -= self._sizes.pop(name)
                shutil.rmtree(self.cache.folder / name, ignore_errors=True)
        return total + size <= self.most_bytes
