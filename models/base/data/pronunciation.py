"""From the text of a cut to tokens."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from hiervox.models.base.data.manifest import supervision_of
from hiervox.processors.text.config import TextConfig, espeak_name
from hiervox.processors.text.normalization import normalize_text
from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut

    from hiervox.processors.text import TextFrontend

DEFAULT_LANGUAGE = "en-us"


class Pronunciation(NamedTuple):
    """What a text sounds like.

    Attributes:
        ipa: holds only symbols of the model.
        tokens: their ids, without blanks.
        left_out: the symbols of espeak's IPA that the model lacks.
    """

    ipa: str
    tokens: list[int]
    left_out: str = ""


def pronounce(cut: DataCut, symbols: tuple[str, ...] | None = None) -> Pronunciation | None:
    """What a cut sounds like, by its given IPA or else by its text; None without text.

    Args:
        cut: with one supervision at most.
        symbols: of the model that is to read the tokens; the published model's by default.

    Raises:
        TextError: nothing in it can be spoken, or the model has no symbol for something in its given IPA.
        ConfigError: espeak does not know its language.
    """
    supervision = supervision_of(cut)
    if supervision is None or supervision.text is None:
        return None
    frontend = frontend_for(language_of(cut), symbols or TextConfig().symbols)
    given = (supervision.custom or {}).get("ipa")
    if given:
        return Pronunciation(given, frontend.tokens(given))
    before = frontend.left_out.copy()
    ipa = frontend.phonemes(normalize_text(supervision.text, frontend.language))
    return Pronunciation(ipa, frontend.tokens(ipa), "".join((frontend.left_out - before).elements()))


def language_of(cut: DataCut) -> str:
    """espeak's name of the language of a cut; American English where it names none."""
    supervision = supervision_of(cut)
    language = None if supervision is None else supervision.language
    return espeak_name(language) if language else DEFAULT_LANGUAGE


def require_languages(languages: Mapping[str, str], text: TextConfig, source: str) -> None:
    """Refuse texts in languages that a model does not declare.

    Args:
        languages: of a corpus's texts, and one utterance of each.
        text: the model's.
        source: where the texts are, for the message.

    Raises:
        ConfigError: naming the languages, and an utterance at fault.
    """
    named = {espeak_name(name) if name else DEFAULT_LANGUAGE: first for name, first in languages.items()}
    undeclared = {name: first for name, first in named.items() if name not in text.languages}
    if undeclared:
        first = next(iter(undeclared.values()))
        raise ConfigError(
            f"{source} holds texts in {', '.join(undeclared)} (such as {first!r}), but text.languages is "
            f"{', '.join(text.languages)}",
            "add what is missing to text.languages (docs/guides/finetune.md), or leave these utterances out",
        )


@lru_cache
def frontend_for(language: str, symbols: tuple[str, ...]) -> TextFrontend:
    """The front end of a language; each is made once."""
    from hiervox.processors.text import TextFrontend

    return TextFrontend(language, symbols=symbols)
