"""Which cuts make which batch: buckets of like length, and each process's share of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from hiervox.models.base.data.randomness import generator_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUCKETS = 20
BATCHES_PER_BUCKET = 4
"""A bucket holds at least this many batches on average, so that few batches stay partial."""


@dataclass(frozen=True)
class BatchShare:
    """The cuts of a batch that one process reads.

    Attributes:
        cuts: numbers of its own.
        frames, tokens: of the longest utterance of the whole batch, to which every process pads. What a
            network makes of an utterance near padding, and means over padding, then don't depend on who
            reads what.
        window: of a stream, the window that the batch is of.
    """

    cuts: tuple[int, ...]
    frames: int
    tokens: int
    window: int = 0

    @classmethod
    def of(
        cls,
        cuts: NDArray[np.int64],
        frames: NDArray[np.int64],
        tokens: NDArray[np.int64],
        pad_frames: int | None,
        window: int = 0,
    ) -> BatchShare:
        """A share by the lengths of the whole batch, (n,); `pad_frames` take the place of the longest."""
        longest = pad_frames or int(frames.max())
        return cls(tuple(cuts.tolist()), longest, max(0, int(tokens.max())), window)


@dataclass(frozen=True)
class BatchLimit:
    """A batch is full at so many cuts, or at so many frames with the padding counted.

    Each cut counts as long as the longest of its bucket.

    Attributes:
        max_cuts: most cuts.
        max_frames: most frames; None for no such limit.
        min_cuts: so many cuts may have more frames.
    """

    max_cuts: int
    max_frames: float | None
    min_cuts: int = 1

    def cuts(self, longest: int) -> int:
        """How many cuts of up to so many frames a batch takes."""
        if self.max_frames is None:
            return self.max_cuts
        return min(self.max_cuts, max(self.min_cuts, int(self.max_frames // longest)))


@dataclass(frozen=True)
class EpochBatches(Iterable[BatchShare]):
    """One process's shares of the batches of an epoch, drawn from lengths alone.

    Cuts are shuffled over the whole corpus and split into batches bucket by bucket; then the batches are
    shuffled. The processes share each batch equally: one process with the same limit sees the same batches.
    The order is a function of seed and epoch; the first `skip_batches` are left out, and nothing is read for
    them.

    Attributes:
        numbers: of the cuts to choose from, (n,).
        frames, tokens: their lengths, (n,).
        limit: when a batch, of all processes together, is full.
        shuffle: draw at random; what a batch has over equal shares is left out. Otherwise in order, and a
            batch that can't be shared equally repeats its first cuts.
        seed, epoch: of the draws.
        skip_batches: how many batches are left out.
        rank, world_size: this process and how many there are.
        pad_frames: pad every batch to so many frames; None pads to its longest utterance.
    """

    numbers: NDArray[np.int64]
    frames: NDArray[np.int64]
    tokens: NDArray[np.int64]
    limit: BatchLimit
    shuffle: bool
    seed: int
    epoch: int
    skip_batches: int
    rank: int
    world_size: int
    pad_frames: int | None = None

    def __iter__(self) -> Iterator[BatchShare]:
        shares = (share for batch in self._batches() if (share := self._share(batch)) is not None)
        return islice(shares, self.skip_batches, None)

    def _batches(self) -> list[NDArray[np.int64]]:
        """Places in `numbers`, batch by batch."""
        generator = generator_for(self.seed, self.epoch)
        order = np.arange(len(self.numbers))
        if self.shuffle:
            generator.shuffle(order)
        bounds = bucket_bounds(self.frames, self.limit.max_cuts)
        buckets = np.searchsorted(bounds, self.frames[order], side="left")
        batches = []
        for bucket in np.unique(buckets):
            members = order[buckets == bucket]
            size = self.limit.cuts(int(self.frames[members].max()))
            batches += [members[start : start + size] for start in range(0, len(members), size)]
        if not self.shuffle:
            return sorted(batches, key=lambda batch: int(batch[0]))
        return [batches[place] for place in generator.permutation(len(batches))]

    def _share(self, batch: NDArray[np.int64]) -> BatchShare | None:
        """This process's part of a batch; None where there is not one cut for each process."""
        surplus = len(batch) % self.world_size
        if surplus and self.shuffle:
            batch = batch[:-surplus]
        elif surplus:
            batch = np.concatenate([batch, np.resize(batch, self.world_size - surplus)])
        if not len(batch):
            return None
        own = self.numbers[batch[self.rank :: self.world_size]]
        return BatchShare.of(own, self.frames[batch], self.tokens[batch], self.pad_frames)


def bucket_bounds(frames: NDArray[np.int64], batch_size: int) -> NDArray[np.float64]:
    """Upper bounds of all buckets but the last: equally many cuts to a bucket, at most `BUCKETS`."""
    count = min(BUCKETS, max(1, len(frames) // (batch_size * BATCHES_PER_BUCKET)))
    return np.unique(np.quantile(frames, np.arange(1, count) / count))
