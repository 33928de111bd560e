"""Which cuts of a corpus of shards make which batch, when only some shards are at hand at a time.

An epoch goes through the chunks of all shards in a random order, window after window. The processes share a
window's chunks; each makes batches of its own ones, bucket by bucket. All of it is computed from lengths: the
order is a function of seed and epoch, and batches that were used before are skipped without reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hiervox.models.base.data.randomness import generator_for
from hiervox.models.base.data.sampling import BatchLimit, BatchShare, bucket_bounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hiervox.models.base.data.shards import Chunk


@dataclass(frozen=True)
class Window:
    """What a process reads at a time.

    Attributes:
        number: in the epoch.
        chunks: that hold its cuts.
        cuts: numbers of all of its cuts.
        batches: its shares.
    """

    number: int
    chunks: tuple[Chunk, ...]
    cuts: NDArray[np.int64]
    batches: tuple[BatchShare, ...]


@dataclass(frozen=True)
class StreamBatches(Iterable[BatchShare]):
    """One process's shares of the batches of an epoch of shards.

    No cut is left out, but where the processes can't share a window by chunks: then they share its batches
    cut by cut, and what a batch has over equal shares is left out.

    Attributes:
        chunks: of the corpus.
        wanted: whether a cut is trained on, (n,).
        frames, tokens: of every cut, (n,).
        limit: when the batch of one process is full.
        shuffle_cuts: a window ends with the chunk that reaches so many wanted cuts for each process.
        seed, epoch: of the draws.
        skip_batches: how many batches are left out.
        rank, world_size: this process and how many there are.
        pad_frames: pad every batch to so many frames; None pads to its longest utterance.
    """

    chunks: Sequence[Chunk]
    wanted: NDArray[np.bool_]
    frames: NDArray[np.int64]
    tokens: NDArray[np.int64]
    limit: BatchLimit
    shuffle_cuts: int
    seed: int
    epoch: int
    skip_batches: int
    rank: int
    world_size: int
    pad_frames: int | None = None

    def __iter__(self) -> Iterator[BatchShare]:
        for window in self.windows():
            yield from window.batches

    def following(self) -> StreamBatches:
        """All of the next epoch."""
        return replace(self, epoch=self.epoch + 1, skip_batches=0)

    def windows(self) -> Iterator[Window]:
        """Those that have batches left, without the batches that are left out."""
        skip = self.skip_batches
        for number, chunks in enumerate(self._chunks_of_windows()):
            window = self._window(number, chunks)
            if skip < len(window.batches):
                yield Window(number, window.chunks, window.cuts, window.batches[skip:])
            skip = max(0, skip - len(window.batches))

    def _chunks_of_windows(self) -> Iterator[NDArray[np.int64]]:
        """Places in `chunks` of each window, in random order."""
        counts = np.array([int(self.wanted[chunk.first : chunk.last].sum()) for chunk in self.chunks])
        order = generator_for(self.seed, self.epoch).permutation(np.flatnonzero(counts))
        before = np.cumsum(counts[order]) - counts[order]
        groups = before // (self.shuffle_cuts * self.world_size)
        yield from np.split(order, np.flatnonzero(np.diff(groups)) + 1)

    def _window(self, number: int, places: NDArray[np.int64]) -> Window:
        owned = [self._cuts(places[rank :: self.world_size]) for rank in range(self.world_size)]
        bounds = bucket_bounds(self.frames[np.concatenate(owned)], self.limit.max_cuts)
        batches = [
            self._batches(cuts, bounds, self.limit, generator_for(self.seed, self.epoch, number, rank))
            for rank, cuts in enumerate(owned)
        ]
        count = max(map(len, batches))
        order = generator_for(self.seed, self.epoch, number).permutation(count)
        if min(map(len, owned)) < count:
            return self._shared(number, places, bounds)
        own = _split_to(batches[self.rank], count)
        own.sort(key=lambda batch: int(self.frames[batch].max()))  # all processes step with like lengths
        chunks = tuple(self.chunks[place] for place in places[self.rank :: self.world_size].tolist())
        shares = tuple(self._share(own[place], own[place], number) for place in order.tolist())
        return Window(number, chunks, owned[self.rank], shares)

    def _shared(self, number: int, places: NDArray[np.int64], bounds: NDArray[np.float64]) -> Window:
        """A window of which every process reads all chunks."""
        size, cuts = self.world_size, self._cuts(places)
        most = self.limit.max_frames
        limit = BatchLimit(self.limit.max_cuts * size, most and most * size, self.limit.min_cuts * size)
        batches = self._batches(cuts, bounds, limit, generator_for(self.seed, self.epoch, number, "shared"))
        equal = [batch[: len(batch) // size * size] for batch in batches if len(batch) >= size]
        order = generator_for(self.seed, self.epoch, number, "order").permutation(len(equal))
        shares = tuple(
            self._share(equal[place][self.rank :: size], equal[place], number) for place in order.tolist()
        )
        return Window(number, tuple(self.chunks[place] for place in places.tolist()), cuts, shares)

    def _cuts(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers of the wanted cuts of some chunks."""
        runs = [np.arange(self.chunks[place].first, self.chunks[place].last) for place in places.tolist()]
        numbers = np.concatenate([np.array([], np.int64), *runs])
        kept: NDArray[np.int64] = numbers[self.wanted[numbers]]
        return kept

    def _batches(
        self,
        cuts: NDArray[np.int64],
        bounds: NDArray[np.float64],
        limit: BatchLimit,
        generator: np.random.Generator,
    ) -> list[NDArray[np.int64]]:
        """Cuts in random order within their bucket, bucket after bucket, cut into batches."""
        cuts = generator.permutation(cuts)
        cuts = cuts[np.argsort(np.searchsorted(bounds, self.frames[cuts], side="left"), kind="stable")]
        frames = self.frames[cuts]
        batches, start = [], 0
        while start < len(cuts):
            size = min(limit.max_cuts, len(cuts) - start)
            if limit.max_frames is not None:
                longest = np.maximum.accumulate(frames[start : start + size])
                fitting = int((longest * np.arange(1, size + 1) <= limit.max_frames).sum())
                size = min(size, max(limit.min_cuts, fitting))
            batches.append(cuts[start : start + size])
            start += size
        return batches

    def _share(self, own: NDArray[np.int64], whole: NDArray[np.int64], window: int) -> BatchShare:
        return BatchShare.of(own, self.frames[whole], self.tokens[whole], self.pad_frames, window)


def _split_to(batches: list[NDArray[np.int64]], count: int) -> list[NDArray[np.int64]]:
    """Halve the largest batches until there are `count` of them."""
    batches = list(batches)
    while len(batches) < count:
        largest = max(range(len(batches)), key=lambda place: len(batches[place]))
        batch = batches.pop(largest)
        batches += [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
    return batches
