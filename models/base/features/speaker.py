"""Speakers by number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch

from hiervox.models.base.data.feature import Feature, Settings
from hiervox.models.base.data.manifest import supervision_of
from hiervox.utils.config import Config
from hiervox.utils.errors import DataError

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from torch import Tensor

    from hiervox.models.base.data.clip import Clip
    from hiervox.models.base.data.feature import Limits
    from hiervox.models.base.data.random_clips import RandomClips


class SpeakerConfig(Config):
    """Which speakers there are.

    Attributes:
        names: a speaker's number is its place here; without any, all are one speaker, number 0.
    """

    names: tuple[str, ...] = ()


class Speaker(Feature):
    """The place of the speaker in `features.speaker.names`: (B,)."""

    name = "speaker"
    axis = "none"
    settings: ClassVar[Settings] = {"speaker": (SpeakerConfig, SpeakerConfig())}

    def compute(self, clip: Clip) -> np.int64:
        """A number.

        Raises:
            DataError: the speaker is not named, or is not in the table.
        """
        names = self.config.features.speaker.names
        if not names:
            return np.int64(0)
        name = speaker_of(clip.cut)
        if name not in names:
            raise DataError(
                f"the speaker {name!r} of {clip.cut.id} is not among the {len(names)} of "
                "features.speaker.names",
                "add it there, or leave the utterance out",
            )
        return np.int64(names.index(name))

    def random(self, clips: RandomClips) -> Tensor:
        """The first of the table."""
        return torch.zeros(len(clips.wav), dtype=torch.long)

    def issues(self, clip: Clip, limits: Limits) -> Iterator[tuple[str, str]]:
        """An utterance of nobody."""
        if self.config.features.speaker.names and speaker_of(clip.cut) is None:
            yield "no_speaker", "the row names no speaker"


def speaker_of(cut: DataCut) -> str | None:
    """Who speaks a cut, where that is known."""
    supervision = supervision_of(cut)
    return None if supervision is None else supervision.speaker
