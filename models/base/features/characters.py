"""The written text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from hiervox.models.base.data.feature import Feature, Settings
from hiervox.models.base.data.manifest import text_of
from hiervox.models.base.data.pronunciation import language_of
from hiervox.processors.text.characters import CharacterTable
from hiervox.processors.text.normalization import normalize_text
from hiervox.utils.errors import DataError

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from numpy.typing import NDArray
    from torch import Tensor

    from hiervox.models.base.data.clip import Clip
    from hiervox.models.base.data.feature import Limits
    from hiervox.models.base.data.random_clips import RandomClips


class Characters(Feature):
    """Rows of the text's symbols by `features.characters`: (B, L); `characters_lengths` says how many."""

    name = "characters"
    axis = "own"
    settings: ClassVar[Settings] = {"characters": (CharacterTable, CharacterTable())}

    def compute(self, clip: Clip) -> NDArray[np.int64]:
        """(L,), with numbers and abbreviations as words.

        Raises:
            DataError: there is no text.
            DependencyError: it holds Chinese, and its packages are not installed.
        """
        text = _spoken(clip.cut)
        if not text:
            raise DataError(f"{clip.cut.id} has no text", "add a column `text`")
        return np.asarray(self.config.features.characters.look_up(text), np.int64)

    def random(self, clips: RandomClips) -> Tensor:
        """Any symbols but the filler."""
        table: CharacterTable = self.config.features.characters
        return clips.integers(1, len(table.symbols) + 1, clips.tokens)

    def issues(self, clip: Clip, limits: Limits) -> Iterator[tuple[str, str]]:
        """A recording without a text."""
        if not _spoken(clip.cut):
            yield "no_text", "the row has no text"


def _spoken(cut: DataCut) -> str:
    """The text of a cut with numbers and abbreviations as words; empty where it has none."""
    return normalize_text(text_of(cut) or "", language_of(cut)).strip()
