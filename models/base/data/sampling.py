"""Which cuts make which batch: the dev split, buckets of like length, and each process's share of a batch."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import TYPE_CHECKING

import numpy as np
from lhotse.dataset.sampling import DynamicBucketingSampler
from lhotse.dataset.sampling.base import SamplingConstraint

from hiervox.models.base.data.dataset import BatchShare
from hiervox.models.base.data.manifest import cut_tokens
from hiervox.models.base.training.task import Split
from hiervox.utils.errors import DataError

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut

BUCKETS = 20
SHUFFLED_AT_ONCE = 20_000
"""lhotse's own choice, which of a larger corpus would mix neighbours alone."""
BATCHES_PER_BUCKET = 4
"""A bucket holds at least this many batches on average, so that few batches stay partial."""


def split_cuts(cuts: Sequence[DataCut], dev_size: int, seed: int, split: Split, source: str) -> list[DataCut]:
    """One side of the corpus. Seed and ids alone choose the `dev_size` utterances of the dev set.

    Raises:
        DataError: the corpus is too small for that.
    """
    if dev_size >= len(cuts):
        raise DataError(
            f"{source} has {len(cuts)} usable utterances, and data.dev_size sets {dev_size} aside",
            "lower data.dev_size or add recordings",
        )
    ranked = sorted(cuts, key=lambda cut: hashlib.sha256(f"{seed}\x1f{cut.id}".encode()).digest())
    dev = {cut.id for cut in ranked[:dev_size]}
    return [cut for cut in cuts if (cut.id in dev) == (split == "dev")]


@dataclass
class PaddedBatch(SamplingConstraint):
    """A batch is full at so many cuts, or at so many frames with the padding counted.

    lhotse asks after each cut whether one more would be too much, when it does not know the next one's length
    yet. So each cut counts as long as the longest that its bucket may hold, which keeps the limit a hard one.

    Attributes:
        max_cuts: most cuts.
        max_frames: most frames; None for no such limit.
        min_cuts: so many cuts may have more frames.
        crop_frames: what longer utterances are cropped to.
        frames_of: a cut's frames.
        bounds: upper bounds of the buckets.
        cuts, longest: of the batch so far.
    """

    max_cuts: int
    max_frames: float | None
    crop_frames: int | None
    frames_of: Callable[[DataCut], int]
    min_cuts: int = 1
    bounds: tuple[float, ...] = ()
    cuts: int = 0
    longest: float = 0

    def measure_length(self, example: DataCut) -> float:
        """Frames of a cut after cropping."""
        frames = self.frames_of(example)
        return frames if self.crop_frames is None else min(frames, self.crop_frames)

    def add(self, example: DataCut) -> None:
        """Count one more cut."""
        length = self.measure_length(example)
        bucket = bisect_right(self.bounds, length)
        bound = self.bounds[min(bucket, len(self.bounds) - 1)] if self.bounds else length
        self.cuts += 1
        self.longest = max(self.longest, length, bound)

    def exceeded(self) -> bool:
        """Whether the batch is over a limit."""
        return self.cuts > self.max_cuts or self._over(self.cuts)

    def close_to_exceeding(self) -> bool:
        """Whether one more cut is too much."""
        return self.cuts >= self.max_cuts or self._over(self.cuts + 1)

    def reset(self) -> None:
        """Start a batch."""
        self.cuts, self.longest = 0, 0

    def _over(self, cuts: int) -> bool:
        return self.max_frames is not None and cuts > self.min_cuts and cuts * self.longest > self.max_frames


@dataclass(frozen=True)
class EpochBatches(Iterable[BatchShare]):
    """One process's shares of the batches of an epoch.

    lhotse's sampler draws a bucket, and from it a batch, which the processes share equally: one process with
    the same limit sees the same batches. The first `skip_batches` are drawn and left. Nothing is read but the
    manifest.

    Attributes:
        cuts: to choose from.
        limit: when a batch, of all processes together, is full.
        shuffle: draw at random, by `seed` and `epoch`; what a batch has over equal shares is left out.
            Otherwise in order, and a batch that can't be shared equally repeats its first cuts.
        skip_batches: how many batches are left out.
        rank, world_size: this process and how many there are.
        pad_frames: pad every batch to so many frames; None pads to its longest utterance.
    """

    cuts: Sequence[DataCut]
    limit: PaddedBatch
    shuffle: bool
    seed: int
    epoch: int
    skip_batches: int
    rank: int
    world_size: int
    pad_frames: int | None = None

    def __iter__(self) -> Iterator[BatchShare]:
        lengths = [self.limit.measure_length(cut) for cut in self.cuts]
        bounds = _bucket_bounds(lengths, self.limit.max_cuts)
        sampler = DynamicBucketingSampler(
            self.cuts,
            constraint=replace(self.limit, bounds=(*bounds, max(lengths))),
            duration_bins=bounds,
            shuffle=self.shuffle,
            buffer_size=max(SHUFFLED_AT_ONCE, len(self.cuts)),
            seed=self.seed,
            rank=0,  # lhotse would give every process a batch of its own, from any bucket
            world_size=1,
        )
        sampler.set_epoch(self.epoch)
        shares = (share for batch in sampler if (share := self._share(list(batch))) is not None)
        return islice(shares, self.skip_batches, None)

    def _share(self, batch: list[DataCut]) -> BatchShare | None:
        """This process's part of a batch; None where there is not one cut for each process."""
        surplus = len(batch) % self.world_size
        if surplus:
            batch = batch[:-surplus] if self.shuffle else batch + _repeated(batch, self.world_size - surplus)
        if not batch:
            return None
        return BatchShare(
            cuts=batch[self.rank :: self.world_size],
            frames=self.pad_frames or max(int(self.limit.measure_length(cut)) for cut in batch),
            tokens=max(len(cut_tokens(cut) or ()) for cut in batch),
        )


def _repeated(batch: Sequence[DataCut], count: int) -> list[DataCut]:
    return list(islice(cycle(batch), count))


def _bucket_bounds(lengths: Sequence[float], batch_size: int) -> list[float]:
    """Upper bounds of all buckets but the last: equally many cuts to a bucket, at most `BUCKETS`."""
    count = min(BUCKETS, max(1, len(lengths) // (batch_size * BATCHES_PER_BUCKET)))
    shares = [bucket / count for bucket in range(1, count)]
    return sorted(set(np.quantile(lengths, shares).tolist())) if shares else []
