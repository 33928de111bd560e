"""From the text of a cut to tokens."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from models.base.data.manifest import supervision_of

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut

    from processors.text import TextFrontend


def pronounce(cut: DataCut) -> tuple[str, list[int]] | None:
    """IPA and token ids (without blanks) of a cut, from its given IPA or else its text; None without text.

    Raises:
        TextError: nothing in it can be spoken, or the models have no symbol for something in its IPA.
        ConfigError: espeak does not know its language.
    """
    supervision = supervision_of(cut)
    if supervision is None or supervision.text is None:
        return None
    frontend = _frontend(supervision.language or "en-us")
    ipa = (supervision.custom or {}).get("ipa") or frontend.phonemes(supervision.text)
    return ipa, frontend.tokens(ipa)


@lru_cache
def _frontend(language: str) -> TextFrontend:
    from processors.text import TextFrontend

    return TextFrontend(language)
