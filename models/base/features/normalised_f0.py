"""F0 without the height and the range of a voice."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hiervox.models.base.data.clip import Clip
from hiervox.models.base.data.feature import Settings
from hiervox.models.base.features.f0 import F0
from hiervox.processors.pitch import F0Contour, PitchConfig, normalise_f0

if TYPE_CHECKING:
    from torch import Tensor

    from hiervox.models.base.data.random_clips import RandomClips


class NormalisedF0(F0):
    """F0 by `features.pitch`, of mean 0 and deviation 1 over the utterance's voiced values, 0 elsewhere.

    (B, rows), as the feature `f0`, which it is read off: a task that names both has it stored. A segment is
    normalised by its whole utterance.
    """

    name = "normalised_f0"
    stored = False
    settings: ClassVar[Settings] = {"pitch": (PitchConfig, PitchConfig())}

    def compute(self, clip: Clip) -> F0Contour:
        """(rows,).

        Raises:
            AudioError: there is no voiced frame.
        """
        whole = normalise_f0(F0(self.config, self.networks).read_or_compute(Clip(clip.cut, clip.setup)))
        start = self.rows(clip.start)
        return whole[start : start + self.rows(clip.frames)]

    def random(self, clips: RandomClips) -> Tensor:
        """Mean 0 and deviation 1."""
        return clips.normal(self.rows(clips.frames))
