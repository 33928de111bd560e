"""When the events of a recording are heard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hiervox.models.base.data.feature import Feature

if TYPE_CHECKING:
    from hiervox.models.base.data.clip import Clip
    from hiervox.models.base.data.feature import Limits
    from hiervox.models.base.data.random_clips import RandomClips

SPAN = re.compile(r"(?P<begin>\d+(?:\.\d*)?)-(?P<end>\d+(?:\.\d*)?)")
"""Begin and end of an event, in seconds."""


class Timing(Feature):
    """Events and their times: a list of B strings such as `bell__0.5-2.0_3.0-4.5--rain__1.0-4.0`.

    They are the column `timing` of a table.

    Times are those of the clip: of a segment, they begin with it.
    """

    name = "timing"
    axis = "none"
    columns = ("timing",)

    def compute(self, clip: Clip) -> str:
        """Empty where the row says nothing."""
        shift = clip.start * self.config.hop_length / self.config.sample_rate
        return _earlier(clip.column("timing") or "", shift)

    def random(self, clips: RandomClips) -> list[str]:
        """No event."""
        return [""] * len(clips.wav)

    def issues(self, clip: Clip, limits: Limits) -> Iterator[tuple[str, str]]:
        """A recording without a time."""
        if not SPAN.search(clip.column("timing") or ""):
            yield "no_timing", "the row has no column timing with times such as bell__0.5-2.0"


def _earlier(text: str, seconds: float) -> str:
    """With all times so much earlier; what would end before 0 is at 0."""

    def moved(match: re.Match[str]) -> str:
        begin, end = (max(0.0, float(match[name]) - seconds) for name in ("begin", "end"))
        return f"{begin:.3f}-{end:.3f}"

    return SPAN.sub(moved, text) if seconds else text
