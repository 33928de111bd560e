"""From written text to the symbols that a text-to-vec model knows."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from hiervox.processors.text.cleaners import clean, collapse_whitespace
from hiervox.processors.text.languages import rules_of
from hiervox.processors.text.lexicon import Lexicon, read_lexicon
from hiervox.processors.text.phonemes import phonemize
from hiervox.processors.text.symbols import PAD, SILENT, SYMBOLS, symbol_ids
from hiervox.processors.text.typography import collapse_runs
from hiervox.utils.errors import TextError
from hiervox.utils.logging import get_logger

QUOTED_LENGTH = 60
_INLINE_IPA = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
_ENDINGS = frozenset(";:,.!?…—")
_QUOTES = '"«»“” '
_BRACKETS = frozenset("()[]{}")  # written, never spoken

_log = get_logger("text")


class TextFrontend:
    """Text to IPA to token ids, for one language.

    In a text, `[[həlˈoʊ]]` is taken as IPA. What is neither a symbol of the model nor sayable (emoji, other
    scripts) is dropped, and named in one warning.

    Args:
        language: espeak's code, such as `en-us` or `de`.
        lexicon: a file of `word<TAB>IPA` lines that go before espeak's own pronunciation.
        symbols: the model's symbols; a symbol's id is its (last) place.
        closing: what `closed` puts behind a text that ends in no mark.

    Attributes:
        language: as given.
        left_out: how often each symbol of espeak's IPA that the model lacks was left out so far.

    Raises:
        TextError: a lexicon that can't be used.
    """

    def __init__(
        self,
        language: str = "en-us",
        lexicon: Path | None = None,
        symbols: Sequence[str] = SYMBOLS,
        closing: str = "",
    ) -> None:
        self.language = language
        self._closing = closing
        self._ids = symbol_ids(symbols)
        self._writable = frozenset(self._ids) - {PAD}
        self._lexicon = Lexicon({}) if lexicon is None else read_lexicon(lexicon, self._writable)
        self._warned: set[str] = set()
        self.left_out: Counter[str] = Counter()

    def phonemes(self, text: str) -> str:
        """IPA of a text, with stress and punctuation; holds only symbols of the model.

        Raises:
            TextError: nothing in the text can be spoken, or its inline IPA is broken.
            ConfigError: espeak has no such language.
            DependencyError: espeak-ng is not there.
        """
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise TextError(f"half a character in {_quote(text)}", "save the text as UTF-8 anew")
        parts = []
        for index, part in enumerate(_INLINE_IPA.split(collapse_runs(text))):
            if index % 2:
                parts.append(self._checked(part))
            elif "[[" in part or "]]" in part:
                raise TextError(
                    f"[[ and ]] are not in pairs in {_quote(text)}", "write inline IPA as [[həlˈoʊ]]"
                )
            else:
                parts.append(self._written(part))
        ipa = collapse_whitespace("".join(parts))
        if all(symbol in SILENT for symbol in ipa):
            raise TextError(f"nothing to speak in {_quote(text)}", f"write words in {self.language}")
        return ipa

    def phonemes_many(self, texts: Iterable[str]) -> list[str]:
        """`phonemes` of each text.

        Raises:
            TextError: as `phonemes`, for the first bad text.
        """
        return [self.phonemes(text) for text in texts]

    def closed(self, ipa: str) -> str:
        """The IPA of a text, with `closing` behind it where no mark ends it."""
        return ipa if ipa.rstrip(_QUOTES)[-1:] in _ENDINGS else ipa + self._closing

    def tokens(self, ipa: str) -> list[int]:
        """The ids of an IPA string, without blanks between.

        Raises:
            TextError: it holds a symbol that the model lacks; all such are named.
        """
        return [self._ids[symbol] for symbol in self._checked(ipa)]

    def missing(self, ipa: str) -> list[str]:
        """The symbols of an IPA string that the model lacks, as often as they come."""
        return self._split(ipa)[1]

    def _checked(self, ipa: str) -> str:
        known, unknown = self._split(ipa)
        if unknown:
            raise TextError(
                f"the model has no symbol for {_names(set(unknown))} in the IPA {_quote(ipa)}",
                "use other symbols",
            )
        return known

    def _split(self, ipa: str) -> tuple[str, list[str]]:
        """The symbols that the model has, a letter and its accent apart where it lacks the two as one; the
        others."""
        known: list[str] = []
        unknown: list[str] = []
        for symbol in unicodedata.normalize("NFC", ipa):
            for part in symbol if symbol in self._writable else unicodedata.normalize("NFD", symbol):
                (known if part in self._writable else unknown).append(part)
        return "".join(known), unknown

    def _written(self, text: str) -> str:
        parts = self._lexicon.split(text)
        return "".join(part if index % 2 else self._spoken(part) for index, part in enumerate(parts))

    def _spoken(self, text: str) -> str:
        """The IPA of a segment of text; a space at either end stays one."""
        cleaned, dropped = clean(text, self.language)
        self._warn(dropped, f"which can't be spoken in {self.language}, in {_quote(text)}")
        before = " " if cleaned[:1].isspace() else ""
        after = " " if cleaned[-1:].isspace() else ""
        body = collapse_whitespace(cleaned)
        if not body:
            return before
        ipa = (rules_of(self.language).phonemize or phonemize)(body, self.language)
        return before + self._known_symbols(ipa) + after

    def _known_symbols(self, ipa: str) -> str:
        """Leave out what the model has no symbol for, keeping the letter under an unknown accent."""
        known, unknown = self._split(ipa)
        lacking = [symbol for symbol in unknown if symbol not in _BRACKETS]
        self.left_out.update(lacking)
        self._warn(set(lacking), f"which the model has no symbol for, in the IPA {_quote(ipa)}")
        return known

    def _warn(self, dropped: set[str], why: str) -> None:
        """Name dropped characters, each once in the life of the front end."""
        new = dropped - self._warned
        if new:
            self._warned |= new
            _log.warning("left out %s, %s", _names(new), why)


def _names(characters: set[str]) -> str:
    """The characters themselves, with the code of those that don't show."""
    return " ".join(
        char if char.isprintable() and not unicodedata.combining(char) else f"U+{ord(char):04X}"
        for char in sorted(characters)
    )


def _quote(text: str) -> str:
    collapsed = collapse_whitespace(text)
    return repr(collapsed if len(collapsed) <= QUOTED_LENGTH else collapsed[: QUOTED_LENGTH - 1] + "…")
