"""The two sides of a corpus: which utterances a part trains on, and which it is validated on."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hiervox.models.base.data.feature import MISSING
from hiervox.models.base.data.features import build_features
from hiervox.models.base.data.index import CutIndex
from hiervox.models.base.data.manifest import write_cuts
from hiervox.models.base.data.shards import ShardIndex, open_corpus
from hiervox.utils.errors import DataError
from hiervox.utils.logging import get_logger

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from numpy.typing import NDArray

    from hiervox.models.base.config import ExperimentConfig
    from hiervox.models.base.data.batch import Split
    from hiervox.models.base.data.setup import FeatureSetup

Usable = Callable[[int, int | None], bool]
"""Whether a part trains on an utterance of so many frames and tokens (None where it has none)."""

ROWS_AT_ONCE = 65_536
"""Lengths that are Python objects at a time."""

_log = get_logger("data")


@dataclass(frozen=True)
class Splits:
    """Numbers of the cuts on each side, and the lengths of all cuts.

    Attributes:
        index: of the manifest.
        frames, tokens: of every cut of it, (n,); tokens are -1 where there are none.
        train, dev: numbers of cuts.
    """

    index: CutIndex
    frames: NDArray[np.int64]
    tokens: NDArray[np.int64]
    train: NDArray[np.int64]
    dev: NDArray[np.int64]

    def cut(self, number: int) -> DataCut:
        """One utterance."""
        return self.index.cut(number)

    def by_speaker(self) -> dict[str, NDArray[np.int64]]:
        """Numbers of each speaker's utterances, in order; those of nobody are left out."""
        return numbers_by_speaker(self.index, np.sort(np.concatenate([self.train, self.dev])))

    def numbers(self, split: Split) -> NDArray[np.int64]:
        """Those of one side."""
        return self.train if split == "train" else self.dev


def numbers_by_speaker(index: CutIndex, numbers: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Of some cuts the numbers of each speaker's, in order; those of nobody are left out."""
    speakers = index.table["speaker"][numbers]
    order = np.argsort(speakers, kind="stable")
    places, starts = np.unique(speakers[order], return_index=True)
    groups = np.split(numbers[order], starts[1:])
    return {
        index.speakers[place]: group
        for place, group in zip(places.tolist(), groups, strict=True)
        if place >= 0
    }


def split_corpus(
    experiment: ExperimentConfig, fields: frozenset[str], setup: FeatureSetup, usable: Usable | None = None
) -> Splits:
    """Choose the utterances that an experiment can use, and set `data.dev_size` of them aside.

    Seed and ids alone choose the dev set. That of a manifest is written beside the index as a manifest, too,
    for whoever wants to look at it or evaluate on it.

    Args:
        experiment: names the manifest.
        fields: names of the features that a batch has.
        setup: what the experiment says of them.
        usable: what it refuses is left out.

    Raises:
        DataError: the manifest is missing, lacks a field, or has too few utterances.
    """
    data = experiment.data
    index = open_corpus(data)
    _require_fields(index, fields, setup)
    frames, tokens = index.frames(setup), index.table["tokens"].astype(np.int64)
    kept = _usable(index, frames, tokens, "tokens" in fields, data.max_frames, usable)
    if data.dev_size >= len(kept):
        raise DataError(
            f"{index} has {len(kept)} usable utterances, and data.dev_size sets {data.dev_size} aside",
            "lower data.dev_size or add recordings",
        )
    dev = _dev_set(index, kept, data.dev_size, experiment.seed)
    return Splits(index, frames, tokens, np.setdiff1d(kept, dev, assume_unique=True), dev)


def _dev_set(index: CutIndex, kept: NDArray[np.int64], size: int, seed: int) -> NDArray[np.int64]:
    """The `size` cuts whose ids hash lowest with the seed; written down, so that it happens once."""
    if size == 0:
        return np.array([], np.int64)
    key = hashlib.sha256(f"{size} {seed}".encode() + kept.tobytes()).hexdigest()[:16]
    numbers, manifest = index.folder / f"dev-{key}.npy", index.folder / f"dev-{key}.jsonl.gz"
    if numbers.exists():
        known: NDArray[np.int64] = np.load(numbers)
        return known
    wanted = np.zeros(len(index), bool)
    wanted[kept] = True
    ranked = heapq.nsmallest(
        size,
        (
            (hashlib.sha256(f"{seed}\x1f{identity}".encode()).digest()[:8], number)
            for number, identity in enumerate(index.ids())
            if wanted[number]
        ),
    )
    dev = np.sort(np.array([number for _, number in ranked], np.int64))
    if not isinstance(index, ShardIndex):  # whose cuts have no files of their own
        write_cuts((index.cut(int(number)) for number in dev), manifest)
    _save(numbers, dev)
    return dev


def _save(path: Path, numbers: NDArray[np.int64]) -> None:
    from hiervox.utils.files import replacing_file

    with replacing_file(path) as temporary, temporary.open("wb") as stream:
        np.save(stream, numbers)


def _require_fields(index: CutIndex, fields: frozenset[str], setup: FeatureSetup) -> None:
    """One cut of each kind is looked at: what it has of a feature is told by the keys of its `custom`.

    Raises:
        DataError: a cut lacks a feature.
    """
    features = build_features(fields, setup).values()
    for kind in np.unique(index.table["fields"]).tolist():
        cut = index.cut(int(np.argmax(index.table["fields"] == kind)))
        lacking = [feature.name for feature in features if not feature.is_in(cut)]
        if lacking:
            raise DataError(f"cut {cut.id!r} of {index} has no {', '.join(lacking)}", MISSING)


def _usable(
    index: CutIndex,
    frames: NDArray[np.int64],
    tokens: NDArray[np.int64],
    needs_tokens: bool,
    max_frames: int | None,
    usable: Usable | None,
) -> NDArray[np.int64]:
    """Numbers of the cuts that have sound and, where batches hold them, tokens, and are not too long.

    Raises:
        DataError: there are none.
    """
    kept = index.table["samples"] > 0
    too_long = np.zeros(len(index), bool)
    if needs_tokens:
        kept &= tokens > 0
        too_long = kept & (frames > max_frames) if max_frames is not None else too_long
    kept &= ~too_long
    fitting = kept.copy()
    if usable is not None:
        for start in range(0, len(kept), ROWS_AT_ONCE):
            rows = start + np.flatnonzero(kept[start : start + ROWS_AT_ONCE])
            lengths = zip(frames[rows].tolist(), tokens[rows].tolist(), strict=True)
            fitting[rows] = [usable(count, None if length < 0 else length) for count, length in lengths]
    refused = int(kept.sum() - fitting.sum())
    counts = f"{too_long.sum()} over data.max_frames, {refused} outside the part's limits"
    if not fitting.any():
        raise DataError(
            f"{index} has no utterance to train on ({len(index)} in all, {counts})",
            "give recordings with text, or raise data.max_frames" if needs_tokens else "add recordings",
        )
    if not fitting.all():
        _log.info("%d of %d utterances are not used: %s", (~fitting).sum(), len(index), counts)
    return np.flatnonzero(fitting)
