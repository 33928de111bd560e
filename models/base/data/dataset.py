"""From a batch of cuts to a batch of tensors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import Dataset

from hiervox.models.base.data.clip import Clip, utterance_frames
from hiervox.models.base.data.feature import Feature
from hiervox.models.base.data.features import build_features
from hiervox.models.base.data.index import CutIndex
from hiervox.models.base.data.randomness import generator_for
from hiervox.models.base.data.sampling import BatchShare

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut

    from hiervox.models.base.data.setup import FeatureSetup


class CutDataset(Dataset[dict[str, Any]]):
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

    def __getitem__(self, share: BatchShare) -> dict[str, Any]:
        """A batch, padded to N frames and L tokens, those of its longest utterances in all processes.

        Returns:
            `ids` (list), `frames` (B,), each feature under its name, as its class says, `token_lengths` (B,)
            with tokens, and `NAME_lengths` (B,) of a feature whose rows are no multiple of the frames. One of
            lengths of its own is padded to the longest of this share.
        """
        clips = [self._clip(self.index.cut(number)) for number in share.cuts]
        batch: dict[str, Any] = {
            "ids": [clip.cut.id for clip in clips],
            "frames": torch.tensor([clip.frames for clip in clips]),
        }
        for feature in self.features.values():
            values = [feature.read(clip) for clip in clips]
            batch |= batch_field(feature, values, clips, share.frames, share.tokens)
        return batch

    def _clip(self, cut: DataCut) -> Clip:
        generator = generator_for(self.seed, self.epoch, cut.id)
        frames, start = utterance_frames(cut, self.setup), 0
        if self.max_frames is not None and frames > self.max_frames:
            start = int(generator.integers(frames - self.max_frames + 1))
            frames = self.max_frames
        return Clip(cut, self.setup, start, frames, generator)


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
