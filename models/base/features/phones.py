"""Phonemes by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hiervox.models.base.data.clip import Clip
from hiervox.models.base.data.feature import Feature
from hiervox.models.base.data.manifest import cut_tokens
from hiervox.models.base.features.durations import Durations

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from hiervox.models.base.data.random_clips import RandomClips


class Phones(Feature):
    """The token that is being said in each frame: (B, N). Read from the alignment, as `durations` is."""

    name = "phones"

    def compute(self, clip: Clip) -> NDArray[np.int64]:
        """(N,).

        Raises:
            DataError: there is no alignment, or one of another number of phonemes than tokens.
        """
        durations = Durations(self.config, self.networks).compute(Clip(clip.cut, clip.setup))
        spoken = np.repeat(np.asarray(cut_tokens(clip.cut), np.int64), durations)
        return spoken[clip.start : clip.start + clip.frames]

    def random(self, clips: RandomClips) -> Tensor:
        """Any symbols but the padding."""
        return clips.integers(1, len(self.config.symbols), self.rows(clips.frames))
