"""Texts as Kokoro reads them: misaki's phonemes, made of IPA."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from hiervox.models.base.pipelines.text_reader import TextReader
from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.processors.text import SYMBOLS, TextFrontend
from hiervox.processors.text.config import require_language
from hiervox.processors.text.symbols import PAD
from hiervox.utils.errors import TextError

LANGUAGES = ("en-us", "en-gb", "es", "fr-fr", "hi", "it", "pt-br", "ja", "zh")
LONGEST = 510
"""Phonemes to one utterance."""
EDGE = 0
"""The token at both ends."""
FIRST_UNUSED = 0xE000
"""Private characters stand for rows of the table that no phoneme has."""

# Longer spellings first. misaki (Apache-2.0) writes one letter to a diphthong or an affricate.
_COMMON = (
    ("dʒ", "ʤ"),
    ("tʃ", "ʧ"),
)
_ENGLISH = (
    ("eɪ", "A"),
    ("aɪ", "I"),
    ("aʊ", "W"),
    ("ɔɪ", "Y"),
    ("n̩", "ᵊn"),
    ("̩", ""),
)
_SYLLABIC_L = re.compile(r"əl(?![ˈˌaeiouɐɑɒæɔəɜɛɪʊʌ])")
SPELLINGS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "en-us": (
        ("ɜː", "ɜɹ"),
        ("oʊ", "O"),
        ("ɪə", "iə"),
        ("ɚ", "əɹ"),
        ("ɐ", "ə"),
        ("ɾ", "T"),
        ("ʔ", "t"),
        ("ː", ""),
        *_ENGLISH,
    ),
    "en-gb": (("əʊ", "Q"), ("eə", "ɛː"), ("iə", "ɪə"), ("ɐ", "ə"), *_ENGLISH),
}
OTHERS: tuple[tuple[str, str], ...] = (
    ("aɪ", "I"),
    ("aʊ", "W"),
    ("eɪ", "A"),
    ("oʊ", "O"),
    ("əʊ", "Q"),
    ("ɔɪ", "Y"),
    ("ts", "ʦ"),
    ("dz", "ʣ"),
)
"""Of the languages that espeak reads beside English."""
ASIAN: Mapping[str, tuple[tuple[str, str], ...]] = {
    "ja": (("tɕ", "ʨ"), ("dʑ", "ʥ"), ("ts", "ʦ"), ("dz", "ʣ"), ("w", "β"), ("ʷ", "ᵝ")),
    "zh": (("tɕ", "ʨ"), ("ʈʂ", "ꭧ"), *OTHERS),
}
"""Of those with rules of their own (`hiervox.processors.text.languages`)."""


def respelled(ipa: str, language: str) -> str:
    """The IPA of a language in misaki's phonemes."""
    if language in SPELLINGS:
        ipa = _SYLLABIC_L.sub("ᵊl", ipa)
    for written, own in (*_COMMON, *ASIAN.get(language, SPELLINGS.get(language, OTHERS))):
        ipa = ipa.replace(written, own)
    return ipa


def table_symbols(vocabulary: Mapping[str, int], rows: int) -> tuple[str, ...]:
    """The symbol of each row of the published table; row 0 is the blank.

    Raises:
        KeyError: a row beyond the table, or the blank's.
    """
    symbols = [PAD, *(chr(FIRST_UNUSED + row) for row in range(1, rows))]
    for symbol, row in vocabulary.items():
        if not 0 < row < rows:
            raise KeyError(f"a row for {symbol!r}")
        symbols[row] = symbol
    return tuple(symbols)


class KokoroFrontend(TextFrontend):
    """Text to misaki's phonemes to token ids, for one language.

    Args:
        language: espeak's code.
        symbols: the model's.
    """

    def __init__(self, language: str, symbols: tuple[str, ...]) -> None:
        super().__init__(language, None, symbols)
        lacking = [symbol for symbol in symbols if symbol not in SYMBOLS]
        self._ipa = TextFrontend(language, None, (*SYMBOLS, *lacking))

    def phonemes(self, text: str) -> str:
        """Phonemes of a text, with stress and punctuation; what the model lacks is left out.

        Raises:
            TextError: nothing in the text can be spoken, or its inline IPA is broken.
        """
        spelled = respelled(self._ipa.phonemes(text), self.language)
        return "".join(symbol for symbol in spelled if symbol in self._writable)


class KokoroReader(TextReader):
    """The `Reader` of Kokoro.

    Args:
        text: languages and symbols of the model.
    """

    def build_frontend(self, language: str | None) -> TextFrontend:
        """See `TextReader.build_frontend`."""
        name = self.text.languages[0] if language is None else require_language(self.text, language)
        return KokoroFrontend(name, self.text.symbols)

    def read(self, text: str, language: str | None = None) -> list[TokenSequence]:
        """See `Reader.read`; a blank stands at both ends of each sequence.

        Raises:
            TextError: a sentence has more phonemes than the model reads.
        """
        sequences = super().read(text, language)
        for sequence in sequences:
            if len(sequence.tokens) > LONGEST:
                raise TextError(
                    f"a sentence has {len(sequence.tokens)} phonemes, more than {LONGEST}",
                    "end sentences earlier",
                )
        return [_with_edges(sequence) for sequence in sequences]


def _with_edges(sequence: TokenSequence) -> TokenSequence:
    def edged(values: list[float]) -> list[float]:
        return [values[0], *values, values[-1]]

    return replace(
        sequence,
        tokens=[EDGE, *sequence.tokens, EDGE],
        silent=[True, *sequence.silent, True],
        rates=edged(sequence.rates),
        semitones=edged(sequence.semitones),
        pitch_ranges=edged(sequence.pitch_ranges),
        marks=tuple((name, token + 1) for name, token in sequence.marks),
    )
