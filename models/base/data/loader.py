"""The training batches of one epoch."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator

import numpy as np

from hiervox.models.base.config import DataConfig, ExperimentConfig, StreamConfig
from hiervox.models.base.data.batch import Batch, Split
from hiervox.models.base.data.dataset import CutDataset
from hiervox.models.base.data.sampling import BatchLimit, BatchShare, EpochBatches
from hiervox.models.base.data.setup import FeatureSetup
from hiervox.models.base.data.shard_loader import FetchedBatches, Read, StreamedBatches
from hiervox.models.base.data.shards import ShardIndex
from hiervox.models.base.data.splits import Splits, Usable, split_corpus
from hiervox.models.base.data.streaming import StreamBatches
from hiervox.utils.errors import ConfigError, HierVoxError


class CutLoader:
    """Batches of a part: what there is to know of its corpus is read once.

    `world_size` processes share a batch of `world_size` times the config's limits: what they read together
    is what one process with these limits reads, but for the few utterances of an epoch that can't be shared
    equally.

    Utterances longer than `data.segment_samples` or `data.max_frames` are cropped at random, or, with tokens,
    left out. The dev set is not shuffled, and its crops do not depend on the epoch.

    Args:
        experiment: its `data`, `train` and `seed`, and the sections that features have in it.
        fields: names of the features that a batch has.
        usable: what it refuses is left out.

    Raises:
        ConfigError: there is no such feature, or lengths don't fit together.
        DataError: the manifest is missing, lacks a field, or has too few utterances.
    """

    def __init__(
        self, experiment: ExperimentConfig, fields: frozenset[str], usable: Usable | None = None
    ) -> None:
        self.experiment = experiment
        self.fields = fields
        self.setup = FeatureSetup.of(experiment)
        self.segment = _segment_frames(experiment.data, self.setup, fields)
        self.splits: Splits = split_corpus(experiment, fields, self.setup, usable)

    def batches(
        self, split: Split, *, epoch: int, skip_batches: int, rank: int, world_size: int, pins: bool = False
    ) -> Iterable[Batch]:
        """The batches of one epoch from number `skip_batches` on; the same for the same arguments.

        Args:
            split, epoch, skip_batches, rank, world_size: as of `TrainingTask.loader`.
            pins: whether batches come in pinned memory, from which a GPU copies while the processor goes on.

        Returns:
            Batches as `CutDataset` describes them. The dev set of `dev_size: 0` is empty.
        """
        splits, train, seed = self.splits, self.experiment.train, self.experiment.seed
        numbers = splits.numbers(split)
        if not len(numbers):
            return ()
        training = split == "train"
        epoch = epoch if training else 0
        crop_frames = None if "tokens" in self.fields else self.segment or self.experiment.data.max_frames
        dataset = CutDataset(splits.index, self.fields, self.setup, crop_frames, seed, epoch)
        if training and isinstance(splits.index, ShardIndex):
            return self._streamed(dataset, splits.index, skip_batches, rank, world_size, pins)
        frames = splits.frames[numbers]
        seconds = train.max_batch_seconds
        sampler = EpochBatches(
            numbers,
            frames if crop_frames is None else frames.clip(max=crop_frames),
            splits.tokens[numbers],
            BatchLimit(
                max_cuts=train.batch_size * world_size,
                max_frames=seconds and seconds * float(self.setup.frame_rate) * world_size,
                min_cuts=world_size,
            ),
            shuffle=training,
            seed=seed,
            epoch=epoch,
            skip_batches=skip_batches,
            rank=rank,
            world_size=world_size,
            pad_frames=self.segment,
        )
        if isinstance(splits.index, ShardIndex):
            return Batches(FetchedBatches(dataset, splits.index, numbers, sampler, self._reader(pins)))
        for feature in dataset.features.values():
            feature.begin(splits)
        return Batches(self._reader(pins)(dataset, sampler))

    def _streamed(
        self,
        dataset: CutDataset,
        index: ShardIndex,
        skip_batches: int,
        rank: int,
        world_size: int,
        pins: bool,
    ) -> Iterable[Batch]:
        """The training batches of an epoch of shards."""
        splits, train = self.splits, self.experiment.train
        wanted = np.zeros(len(index), bool)
        wanted[splits.train] = True
        crop, seconds = dataset.max_frames, train.max_batch_seconds
        stream = self.experiment.data.stream or StreamConfig()
        plan = StreamBatches(
            index.chunks,
            wanted,
            splits.frames if crop is None else splits.frames.clip(max=crop),
            splits.tokens,
            BatchLimit(train.batch_size, seconds and seconds * float(self.setup.frame_rate)),
            shuffle_cuts=stream.shuffle_cuts,
            seed=dataset.seed,
            epoch=dataset.epoch,
            skip_batches=skip_batches,
            rank=rank,
            world_size=world_size,
            pad_frames=self.segment,
        )
        return Batches(StreamedBatches(dataset, index, plan, stream, self._reader(pins)))

    def _reader(self, pins: bool) -> Read:
        """Reads the batches of a dataset by `train.workers` processes."""
        from torch.utils.data import DataLoader

        def read(dataset: CutDataset, shares: Iterable[BatchShare]) -> Iterable[Batch | HierVoxError]:
            return DataLoader(
                dataset,
                sampler=shares,
                batch_size=None,
                num_workers=self.experiment.train.workers,
                worker_init_fn=_begin_worker,
                pin_memory=pins,
            )

        return read


class Batches(Iterable[Batch]):
    """Batches that may be read by worker processes; an error of theirs is raised here, with its own words.

    Args:
        read: gives batches, and in place of one that can't be read the error.
    """

    def __init__(self, read: Iterable[Batch | HierVoxError]) -> None:
        self._read = read

    def __iter__(self) -> Iterator[Batch]:
        """Starts the workers at once."""
        return map(_raised, iter(self._read))


def _raised(batch: Batch | HierVoxError) -> Batch:
    if isinstance(batch, HierVoxError):
        raise batch
    return batch


def _segment_frames(data: DataConfig, setup: FeatureSetup, fields: frozenset[str]) -> int | None:
    """`data.segment_samples` in frames.

    Raises:
        ConfigError: it is no whole number of frames, or there are tokens, which have no place in a segment.
    """
    if data.segment_samples is None:
        return None
    if data.segment_samples % setup.hop_length:
        raise ConfigError(
            f"data.segment_samples {data.segment_samples} is not a multiple of the hop length "
            f"{setup.hop_length}",
            "change it, or data.hop_length",
        )
    if {"tokens", "durations"} & fields:
        raise ConfigError(
            "data.segment_samples can't be used where batches hold tokens: which of them a segment speaks is "
            "not known",
            "remove it, and let the network slice",
        )
    return data.segment_samples // setup.hop_length


def _begin_worker(worker: int) -> None:
    """HDF5 handles inherited by fork must not be shared; signals to the group are the parent's to heed."""
    from hiervox.models.base.data.clip import open_store

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # the parent saves first, and then ends its workers
    open_store.cache_clear()
