"""The training batches of one epoch."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hiervox.models.base.config import DataConfig, ExperimentConfig
from hiervox.models.base.data.clip import utterance_frames
from hiervox.models.base.data.feature import MISSING
from hiervox.models.base.data.feature_registry import build_features
from hiervox.models.base.data.features import FeatureSetup
from hiervox.models.base.data.manifest import cut_tokens, manifest_path, read_cuts
from hiervox.models.base.training.task import Batch, Split
from hiervox.utils.errors import ConfigError, DataError
from hiervox.utils.logging import get_logger

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut

_log = get_logger("data")


def cut_loader(
    experiment: ExperimentConfig,
    fields: frozenset[str],
    split: Split,
    *,
    epoch: int,
    skip_batches: int,
    rank: int,
    world_size: int,
    usable: Callable[[int, int | None], bool] | None = None,
) -> Iterable[Batch]:
    """The batches of one epoch from number `skip_batches` on; the same for the same arguments.

    `world_size` processes share a batch of `world_size` times the config's limits: what they read together
    is what one process with these limits reads, but for the few utterances of an epoch that can't be shared
    equally.

    Utterances longer than `data.segment_samples` or `data.max_frames` are cropped at random, or, with tokens,
    left out. The dev set is not shuffled, and its crops do not depend on the epoch.

    Args:
        experiment: its `data`, `train` and `seed`, and the sections that features have in it.
        fields: names of the features that a batch has.
        usable: of an utterance's frames and tokens (None where it has none); what it refuses is left out.

    Returns:
        Batches as `CutDataset` describes them. The dev set of `dev_size: 0` is empty.

    Raises:
        ConfigError: there is no such feature, or lengths don't fit together.
        DataError: the manifest is missing, lacks a field, or has too few utterances.
    """
    from torch.utils.data import DataLoader

    from hiervox.models.base.data.dataset import CutDataset
    from hiervox.models.base.data.sampling import EpochBatches, PaddedBatch, split_cuts

    data, train, seed = experiment.data, experiment.train, experiment.seed
    setup = FeatureSetup.of(experiment)
    segment = _segment_frames(data, setup, fields)
    crop_frames = None if "tokens" in fields else segment or data.max_frames
    source = manifest_path(data.cuts)
    cuts = _usable(read_cuts(data.cuts), fields, setup, data.max_frames, usable, source)
    chosen = split_cuts(cuts, data.dev_size, seed, split, str(source))
    if not chosen:
        return ()
    training = split == "train"
    max_frames = train.max_batch_seconds and train.max_batch_seconds * float(setup.frame_rate) * world_size
    sampler = EpochBatches(
        chosen,
        PaddedBatch(
            max_cuts=train.batch_size * world_size,
            max_frames=max_frames,
            crop_frames=crop_frames,
            frames_of=partial(utterance_frames, setup=setup),
            min_cuts=world_size,
        ),
        shuffle=training,
        seed=seed,
        epoch=epoch if training else 0,
        skip_batches=skip_batches,
        rank=rank,
        world_size=world_size,
        pad_frames=segment,
    )
    dataset = CutDataset(fields, setup, crop_frames, seed, epoch if training else 0)
    for feature in dataset.features.values():
        feature.begin(cuts)
    return DataLoader(
        dataset,
        sampler=sampler,
        batch_size=None,
        num_workers=train.workers,
        worker_init_fn=_begin_worker,
    )


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


def _usable(
    cuts: Sequence[DataCut],
    fields: frozenset[str],
    setup: FeatureSetup,
    max_frames: int | None,
    usable: Callable[[int, int | None], bool] | None,
    source: Path,
) -> list[DataCut]:
    """Cuts that have every field, and, with tokens, are not too long.

    Raises:
        DataError: there are none.
    """
    features = build_features(fields, setup).values()
    kept = []
    too_long = refused = 0
    for cut in cuts:
        lacking = [feature.name for feature in features if not feature.is_in(cut)]
        if lacking:
            raise DataError(f"cut {cut.id!r} of {source} has no {', '.join(lacking)}", MISSING)
        if cut.duration == 0 or ("tokens" in fields and not cut_tokens(cut)):
            continue
        frames = utterance_frames(cut, setup)
        if "tokens" in fields and max_frames is not None and frames > max_frames:
            too_long += 1
            continue
        if usable is not None:
            tokens = cut_tokens(cut)
            if not usable(frames, None if tokens is None else len(tokens)):
                refused += 1
                continue
        kept.append(cut)
    if len(kept) < len(cuts):
        _log.info(
            "%d of %d utterances are not used: %d too long, %d outside the part's limits",
            len(cuts) - len(kept),
            len(cuts),
            too_long,
            refused,
        )
    if not kept:
        raise DataError(
            f"{source} has no utterance to train on ({len(cuts)} in all, {too_long} over data.max_frames, "
            f"{refused} outside the part's limits)",
            "give recordings with text, or raise data.max_frames" if "tokens" in fields else "add recordings",
        )
    return kept
