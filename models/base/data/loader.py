"""The training batches of one epoch."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hiervox.models.base.config import DataConfig, TrainConfig
from hiervox.models.base.data.manifest import manifest_path, read_cuts
from hiervox.models.base.training.task import Batch, Split
from hiervox.processors.audio import FRAME_RATE, SAMPLE_RATE
from hiervox.utils.errors import DataError
from hiervox.utils.logging import get_logger

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut

_log = get_logger("data")


def cut_loader(
    data: DataConfig,
    train: TrainConfig,
    fields: frozenset[str],
    split: Split,
    *,
    epoch: int,
    skip_batches: int,
    rank: int,
    world_size: int,
    seed: int,
    sample_rate: int = SAMPLE_RATE,
    usable: Callable[[int, int | None], bool] | None = None,
) -> Iterable[Batch]:
    """The batches of one epoch from number `skip_batches` on; the same for the same arguments.

    `world_size` processes share a batch of `world_size` times the config's limits: what they read together
    is what one process with these limits reads, but for the few utterances of an epoch that can't be shared
    equally.

    Utterances longer than `data.max_frames` are cropped at random, or, with tokens, left out. The dev set is
    not shuffled, and its crops do not depend on the epoch.

    Args:
        fields: which of `hiervox.models.base.data.dataset.FIELDS` a batch has.
        sample_rate: of `wav`, Hz, a multiple of 50. `frames` count 20 ms at any rate.
        usable: of an utterance's frames and tokens (None where it has none); what it refuses is left out.

    Returns:
        Batches as `CutDataset` describes them. The dev set of `dev_size: 0` is empty.

    Raises:
        DataError: the manifest is missing, lacks a field, or has too few utterances.
    """
    from torch.utils.data import DataLoader

    from hiervox.models.base.data.dataset import CutDataset
    from hiervox.models.base.data.sampling import EpochBatches, PaddedBatch, split_cuts

    source = manifest_path(data.cuts)
    cuts = _usable(read_cuts(data.cuts), fields, data.max_frames, usable, source)
    chosen = split_cuts(cuts, data.dev_size, seed, split, str(source))
    if not chosen:
        return ()
    training = split == "train"
    crop_frames = None if "tokens" in fields else data.max_frames
    max_frames = train.max_batch_seconds and train.max_batch_seconds * FRAME_RATE * world_size
    sampler = EpochBatches(
        chosen,
        PaddedBatch(train.batch_size * world_size, max_frames, crop_frames, min_cuts=world_size),
        shuffle=training,
        seed=seed,
        epoch=epoch if training else 0,
        skip_batches=skip_batches,
        rank=rank,
        world_size=world_size,
    )
    dataset = CutDataset(fields, sample_rate, crop_frames, seed, epoch if training else 0)
    return DataLoader(
        dataset,
        sampler=sampler,
        batch_size=None,
        num_workers=train.workers,
        worker_init_fn=_begin_worker,
    )


def _begin_worker(worker: int) -> None:
    """HDF5 handles inherited by fork must not be shared; signals to the group are the parent's to heed."""
    from hiervox.models.base.data.dataset import open_store

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # the parent saves first, and then ends its workers
    open_store.cache_clear()


def _usable(
    cuts: Sequence[DataCut],
    fields: frozenset[str],
    max_frames: int | None,
    usable: Callable[[int, int | None], bool] | None,
    source: Path,
) -> list[DataCut]:
    """Cuts that have every field, and, with tokens, are not too long.

    Raises:
        DataError: there are none.
    """
    from hiervox.models.base.data.dataset import FIELDS, cut_frames, cut_tokens, perturbed_copies

    unknown = fields - FIELDS
    if unknown:
        raise ValueError(f"no such fields: {sorted(unknown)}")
    stored = fields & {"f0", "semantic"}
    kept = []
    too_long = refused = 0
    for cut in cuts:
        lacking = [name for name in sorted(stored) if name not in (cut.custom or {})]
        if "semantic_perturbed" in fields and not perturbed_copies(cut):
            lacking.append("semantic_perturbed")
        if lacking:
            mend = "run `hiervox extract`, with features.perturbed_copies of 1 or more for semantic_perturbed"
            raise DataError(f"cut {cut.id!r} of {source} has no {', '.join(lacking)}", mend)
        if cut.duration == 0 or ("tokens" in fields and not cut_tokens(cut)):
            continue
        if "tokens" in fields and max_frames is not None and cut_frames(cut) > max_frames:
            too_long += 1
            continue
        if usable is not None:
            tokens = cut_tokens(cut)
            if not usable(cut_frames(cut), None if tokens is None else len(tokens)):
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
