"""Captions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hiervox.models.base.data.feature import Feature
from hiervox.models.base.data.manifest import supervision_of, text_of

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut

    from hiervox.models.base.data.clip import Clip
    from hiervox.models.base.data.feature import Limits
    from hiervox.models.base.data.random_clips import RandomClips


class Caption(Feature):
    """What there is to hear, in words: a list of B strings; the column `caption`, or else the text."""

    name = "caption"
    axis = "none"

    def compute(self, clip: Clip) -> str:
        """The caption; empty where there is none, as for unconditional generation."""
        return caption_of(clip.cut)

    def random(self, clips: RandomClips) -> list[str]:
        """The same of each."""
        return ["a sound"] * len(clips.wav)

    def issues(self, clip: Clip, limits: Limits) -> Iterator[tuple[str, str]]:
        """A recording without a word."""
        if not caption_of(clip.cut):
            yield "no_caption", "the row has neither a caption nor a text"


def caption_of(cut: DataCut) -> str:
    """The caption of a cut, empty where it has none."""
    supervision = supervision_of(cut)
    custom = {} if supervision is None else supervision.custom or {}
    return str(custom.get("caption") or text_of(cut) or "").strip()
