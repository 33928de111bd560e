"""Durations of phonemes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from hiervox.models.base.data.feature import Feature
from hiervox.models.base.data.manifest import cut_tokens, supervision_of
from hiervox.utils.errors import DataError

if TYPE_CHECKING:
    from lhotse.supervision import AlignmentItem
    from numpy.typing import NDArray
    from torch import Tensor

    from hiervox.models.base.data.clip import Clip
    from hiervox.models.base.data.random_clips import RandomClips

TIER = "phone"


class Durations(Feature):
    """Frames of each token: (B, L). Read from the alignment `phone` of the supervision, as lhotse keeps it.

    Phonemes meet at frame boundaries, and the last one ends with the clip, so that they add up to its frames.
    """

    name = "durations"
    axis = "tokens"

    def compute(self, clip: Clip) -> NDArray[np.int64]:
        """(L,).

        Raises:
            DataError: there is no alignment, or one of another number of phonemes than tokens.
        """
        supervision = supervision_of(clip.cut)
        items = [] if supervision is None else (supervision.alignment or {}).get(TIER, [])
        tokens = cut_tokens(clip.cut) or []
        if len(items) != len(tokens) or not items:
            raise DataError(
                f"{clip.cut.id} has an alignment of {len(items)} phonemes for its {len(tokens)} tokens",
                "align it again with the symbols of the tokens",
            )
        return frames_of(items, clip.frames, float(self.config.frame_rate))

    def random(self, clips: RandomClips) -> Tensor:
        """Equal ones, the last as long as what is left."""
        each = torch.full((len(clips.wav), clips.tokens), clips.frames // clips.tokens)
        each[:, -1] += clips.frames - each[0].sum()
        return each


def frames_of(items: Sequence[AlignmentItem], frames: int, frame_rate: float) -> NDArray[np.int64]:
    """Whole frames of consecutive phonemes, (L,), which add up to `frames`."""
    ends = [min(frames, round((item.start + item.duration) * frame_rate)) for item in items]
    return np.diff([0, *ends[:-1], frames]).astype(np.int64)
