"""From a batch of cuts to a batch of tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import Dataset

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.data.clip import Clip, utterance_frames
from hiervox.models.base.data.feature import Feature
from hiervox.models.base.data.features import build_features
from hiervox.models.base.data.index import CutIndex
from hiervox.models.base.data.randomness import generator_for
from hiervox.models.base.data.sampling import BatchShare
from hiervox.utils.errors import DataError, HierVoxError, reason

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut

    from hiervox.models.base.data.setup import FeatureSetup


ROW_TOLERANCE, ROW_SHARE = 3, 0.1
"""Rows by which a feature may differ from what its frame rate says: window effects at the ends, rounding."""


class CutDataset(Dataset["Batch | HierVoxError"]):
    """Reads one batch of cuts an item. Crops and choices depend on seed, epoch and utterance alone.

    Args:
        index: of the manifest.
        fields: names of the features that a batch has.
        setup: what the experiment says of them.
        max_frames: longer utterances are cropped at random to this many frames; None keeps them whole.
        seed, epoch: of the crops and of all that features choose at random.
    """

    def __init__(
        self,
        index: CutIndex,
        fields: Iterable[str],
        setup: FeatureSetup,
        max_frames: int | None,
        seed: int,
        epoch: int,
    ) -> None:
        self.index = index
        self.features = build_features(fields, setup)
        self.setup = setup
        self.max_frames = max_frames
        self.seed = seed
        self.epoch = epoch

    def __getitem__(self, share: BatchShare) -> Batch | HierVoxError:
        """`batch`, or the error that it raises: an exception that leaves a worker process loses its line."""
        try:
            return self.batch(share)
        except HierVoxError as error:
            return error

    def batch(self, share: BatchShare) -> Batch:
        """A batch, padded to N frames and L tokens, those of its longest utterances in all processes.

        Returns:
            `ids` (list), `frames` (B,), each feature under its name, as its class says, `token_lengths` (B,)
            with tokens, and `NAME_lengths` (B,) of a feature whose rows are no multiple of the frames. One of
            lengths of its own is padded to the longest of this share.

        Raises:
            DataError: a feature can't be read, or has not the rows of its utterance.
        """
        clips = [self._clip(self.cut(number)) for number in share.cuts]
        batch: Batch = {
            "ids": [clip.cut.id for clip in clips],
            "frames": torch.tensor([clip.frames for clip in clips]),
        }
        tokens: dict[str, list[int]] = {}
        for feature in self.features.values():
            values = [read_field(feature, clip) for clip in clips]
            if feature.axis == "tokens":
                tokens.setdefault(feature.name, [len(value) for value in values])
                _require_same_tokens(tokens, batch["ids"])
            batch |= batch_field(feature, values, clips, share.frames, share.tokens)
        return batch

    def cut(self, number: int) -> DataCut:
        """One utterance."""
        return self.index.cut(number)

    def _clip(self, cut: DataCut) -> Clip:
        generator = generator_for(self.seed, self.epoch, cut.id)
        frames, start = utterance_frames(cut, self.setup), 0
        if self.max_frames is not None and frames > self.max_frames:
            start = int(generator.integers(frames - self.max_frames + 1))
            frames = self.max_frames
        return Clip(cut, self.setup, start, frames, generator)


def read_field(feature: Feature, clip: Clip) -> Any:
    """A feature of a clip: an array (rows, ...) or (), or a string.

    Raises:
        DataError: it can't be read, or its rows are not those of the clip's frames, naming both.
    """
    try:
        value = feature.read(clip)
    except HierVoxError:
        raise
    except Exception as error:  # whatever a feature of another package raises
        raise DataError(
            f"the feature {feature.name} of {clip.cut.id!r} can't be read ({reason(error)})",
            "correct the feature, or leave the utterance out",
        ) from error
    if feature.axis == "time":
        rows, expected = len(value), feature.rows(clip.frames)
        if abs(rows - expected) > max(ROW_TOLERANCE, expected * ROW_SHARE):
            raise DataError(
                f"the feature {feature.name} of {clip.cut.id!r} has {rows} rows, and its {clip.frames} "
                f"frames have {expected} at {float(feature.frame_rate):g} rows a second",
                "correct its `frame_rate`, or what it computes",
            )
    return value


def _require_same_tokens(counts: Mapping[str, Sequence[int]], ids: Sequence[str]) -> None:
    """Features of tokens have a row for each token of their utterance.

    Raises:
        DataError: two of them differ, naming both and the utterance.
    """
    (first, given), (last, others) = next(iter(counts.items())), list(counts.items())[-1]
    for identity, count, other in zip(ids, given, others, strict=True):
        if count != other:
            raise DataError(
                f"{first} of {identity!r} has {count} rows, and {last} has {other}",
                "extract both from the same text",
            )


def batch_field(
    feature: Feature, values: Sequence[Any], clips: Sequence[Clip], frames: int, tokens: int
) -> dict[str, Any]:
    """One feature of a batch of N frames and L tokens, with the lengths that the frames don't tell."""
    if feature.axis == "own":
        lengths = [len(value) for value in values]
        batch = {feature.name: feature.collate(values, max(lengths))}
        return batch | {f"{feature.name}_lengths": torch.tensor(lengths)}
    rows = tokens if feature.axis == "tokens" else feature.rows(frames)
    batch = {feature.name: feature.collate(values, rows)}
    if feature.axis == "tokens":
        batch["token_lengths"] = torch.tensor([len(value) for value in values])
    elif feature.axis == "time" and (feature.frame_rate / feature.config.frame_rate).denominator != 1:
        batch[f"{feature.name}_lengths"] = torch.tensor([feature.rows(clip.frames) for clip in clips])
    return batch
