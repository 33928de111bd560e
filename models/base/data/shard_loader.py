"""Batches of a corpus of shards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from hiervox.models.base.config import StreamConfig
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.data.dataset import CutDataset
from hiervox.models.base.data.feature import Feature
from hiervox.models.base.data.sampling import BatchShare
from hiervox.models.base.data.shard_cache import Prefetcher, ShardCache, claimed_folder
from hiervox.models.base.data.shards import Chunk, ShardIndex
from hiervox.models.base.data.splits import numbers_by_speaker
from hiervox.models.base.data.streaming import StreamBatches, Window
from hiervox.utils.errors import DataError, HierVoxError

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from numpy.typing import NDArray

GIGABYTE = 10**9
Read = Callable[[CutDataset, Iterable[BatchShare]], Iterable["Batch | HierVoxError"]]
"""Reads the batches of a dataset in the order of their shares, by worker processes or without."""


class StreamDataset(CutDataset):
    """Reads batches of cuts that are in a cache, or will be.

    Features that read other utterances than a batch's own, such as prompts, find those of its window.

    Args:
        dataset: says what is read, and how.
        cache: where chunks are.
        chunk_of: the chunk of a cut.
        windows: those that the batches are of, in order; called where features look for other utterances.
    """

    def __init__(
        self,
        dataset: CutDataset,
        cache: ShardCache,
        chunk_of: Callable[[int], Chunk],
        windows: Callable[[], Iterator[Window]],
    ) -> None:
        self.__dict__.update(dataset.__dict__)
        self.cache = cache
        self.chunk_of = chunk_of
        self.windows = windows
        self._others = [
            feature for feature in self.features.values() if type(feature).begin is not Feature.begin
        ]
        self._following: Iterator[Window] | None = None
        self._window: int | None = None

    def batch(self, share: BatchShare) -> Batch:
        """As of `CutDataset`."""
        if self._others and share.window != self._window:
            self._following = self._following or self.windows()
            window = next(window for window in self._following if window.number == share.window)
            for feature in self._others:
                feature.begin(_WindowCorpus(self, window.cuts))
            self._window = share.window
        return super().batch(share)

    def cut(self, number: int) -> DataCut:
        """One utterance; waits until it is there."""
        return self.cache.cut(number, self.chunk_of(number))


@dataclass(frozen=True)
class _WindowCorpus:
    """The utterances of a window, for features."""

    dataset: StreamDataset
    cuts: NDArray[np.int64]

    def by_speaker(self) -> dict[str, NDArray[np.int64]]:
        """Numbers of each speaker's utterances, in order."""
        return numbers_by_speaker(self.dataset.index, np.sort(self.cuts))

    def cut(self, number: int) -> DataCut:
        """One utterance."""
        return self.dataset.cut(number)


class StreamedBatches(Iterable["Batch | HierVoxError"]):
    """The training batches of an epoch, whose chunks are fetched while earlier ones are used.

    Fetching and worker processes begin with the first batch that is asked for.

    Args:
        dataset: says what is read.
        index: of the corpus.
        plan: which batches there are.
        config: of the cache.
        read: starts the workers.
    """

    def __init__(
        self, dataset: CutDataset, index: ShardIndex, plan: StreamBatches, config: StreamConfig, read: Read
    ) -> None:
        self.dataset = dataset
        self.index = index
        self.plan = plan
        self.config = config
        self.read = read

    def __iter__(self) -> Iterator[Batch | HierVoxError]:
        with claimed_folder(self.index.folder.parent) as folder:
            cache = ShardCache(self.index, folder)
            most_bytes = self.config.cache_gb * GIGABYTE
            prefetcher = Prefetcher(cache, self.plan.windows(), self._ahead(), most_bytes)
            windows = replace(self.plan, skip_batches=0).windows
            dataset = StreamDataset(self.dataset, cache, _chunk_finder(self.plan.chunks), windows)
            batches = iter(self.read(dataset, self.plan))  # forks before there are threads
            try:
                prefetcher.start()
                yield from self._counted(batches, prefetcher)
            finally:
                prefetcher.close()
                del batches  # ends the workers while the folder is still theirs

    def _ahead(self) -> Iterator[Window]:
        """The first window of the next epoch, so that it need not wait."""
        yield from islice(self.plan.following().windows(), 1)

    def _counted(
        self, batches: Iterator[Batch | HierVoxError], prefetcher: Prefetcher
    ) -> Iterator[Batch | HierVoxError]:
        """The batches, which must hold as many utterances as were planned.

        Raises:
            DataError: some are missing.
        """
        cuts = 0
        for window in self.plan.windows():
            for share in window.batches:
                batch = next(batches, None)
                found = len(batch["ids"]) if isinstance(batch, dict) else 0
                if batch is None or (isinstance(batch, dict) and found != len(share.cuts)):
                    raise DataError(
                        f"an epoch of {self.index} lacks utterances behind number {cuts + found}",
                        "continue the run with --resume",
                    )
                cuts += found
                yield batch
            prefetcher.release(window.number)


class FetchedBatches(Iterable["Batch | HierVoxError"]):
    """The batches of a dev set, whose utterances are fetched one by one, and stay.

    Args:
        dataset: says what is read.
        index: of the corpus.
        numbers: of all utterances.
        shares: the batches.
        read: starts the workers.
    """

    def __init__(
        self,
        dataset: CutDataset,
        index: ShardIndex,
        numbers: NDArray[np.int64],
        shares: Iterable[BatchShare],
        read: Read,
    ) -> None:
        self.dataset = dataset
        self.index = index
        self.numbers = numbers
        self.shares = shares
        self.read = read

    def __iter__(self) -> Iterator[Any]:
        folder = self.index.folder.parent / "dev"
        folder.mkdir(parents=True, exist_ok=True)
        cache = ShardCache(self.index, folder)
        chunks = tuple(self.index.alone(number) for number in self.numbers.tolist())
        cache.fetch_all(chunks)
        windows = [Window(0, chunks, self.numbers, ())]
        dataset = StreamDataset(self.dataset, cache, self.index.alone, lambda: iter(windows))
        return iter(self.read(dataset, self.shares))


def _chunk_finder(chunks: Any) -> Callable[[int], Chunk]:
    firsts = np.array([chunk.first for chunk in chunks])

    def find(number: int) -> Chunk:
        chunk: Chunk = chunks[int(np.searchsorted(firsts, number, side="right")) - 1]
        return chunk

    return find
