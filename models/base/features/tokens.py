"""Phonemes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hiervox.models.base.data.feature import Failures, Feature, FeatureStore, each
from hiervox.models.base.data.manifest import cut_tokens, text_of
from hiervox.models.base.data.pronunciation import pronounce
from hiervox.utils.errors import DataError, TextError

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from numpy.typing import NDArray
    from torch import Tensor

    from hiervox.models.base.data.clip import Clip
    from hiervox.models.base.data.feature import Limits
    from hiervox.models.base.data.random_clips import RandomClips


class Tokens(Feature):
    """Phoneme ids by the experiment's `text.symbols`, without blanks: (B, L); `token_lengths` says how many.

    They are stored in the cut itself, with the IPA that they spell.
    """

    name = "tokens"
    axis = "tokens"
    stored = True

    def recipe(self) -> dict[str, Any]:
        """Nothing: `text.json` says what they mean."""
        return {}

    def compute(self, clip: Clip) -> NDArray[np.int64]:
        """(L,).

        Raises:
            DataError: there is no text.
            TextError: it can't be spoken.
        """
        spoken = pronounce(clip.cut, self.config.symbols)
        if spoken is None:
            raise DataError(f"{clip.cut.id} has no text", "add a column `text`")
        return np.asarray(spoken.tokens, np.int64)

    def extract(self, clips: Sequence[Clip], store: FeatureStore) -> Failures:
        """Note IPA and tokens in the cuts that have a text."""
        return each(clips, lambda clip: self._note(clip.cut))

    def _note(self, cut: DataCut) -> None:
        spoken = pronounce(cut, self.config.symbols)
        if spoken is not None:
            stored = {name: value for name, value in spoken._asdict().items() if value}
            cut.supervisions[0].custom |= stored

    def is_in(self, cut: DataCut) -> bool:
        """Always; cuts without a text are left out by the loader."""
        return True

    def read(self, clip: Clip) -> NDArray[np.int64]:
        """(L,) as stored."""
        return np.asarray(cut_tokens(clip.cut), np.int64)

    def random(self, clips: RandomClips) -> Tensor:
        """Any symbols but the padding."""
        return clips.integers(1, len(self.config.symbols), clips.tokens)

    def issues(self, clip: Clip, limits: Limits) -> Iterator[tuple[str, str]]:
        """Texts with nothing to speak, or IPA with symbols that the model lacks."""
        text = text_of(clip.cut)
        if text is None:
            return
        if not text.strip():
            yield "no_text", "the row has no text"
            return
        try:
            pronounce(clip.cut, self.config.symbols)
        except TextError as error:
            yield "unspeakable_text", error.problem
