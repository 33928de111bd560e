"""Texts as they are written, Chinese as pinyin (F5-TTS, arXiv 2410.06885, section 3.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from pydantic import field_validator

from hiervox.processors.text.symbols import PAD
from hiervox.utils.errors import DependencyError
from hiervox.utils.schema import Config

SPACE = " "
FIRST_PRIVATE = 0xE000
"""Private characters stand for symbols that are no single character."""
MOST_SYMBOLS = 6400
"""Of which there are so many."""
_SAME = str.maketrans({";": ",", "“": '"', "”": '"', "‘": "'", "’": "'"})
_NO_SPACE_BEHIND = " :'\""
_LATIN_WORD = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*%?|[+#&._%-]+|.", re.DOTALL)
"""As rjieba cuts what is not Chinese, but for the few names of its dictionary, such as C#."""
_CHINESE = re.compile("[\u3100-\u9fff]")


class CharacterTable(Config):
    """The symbols of a model that reads texts as they are written.

    Attributes:
        symbols: single characters, and syllables of pinyin such as `ni3`; empty for a model that reads
            phonemes. Row 0 of the model's table is the filler, and the symbols are the rows behind it.
    """

    symbols: tuple[str, ...] = ()

    @field_validator("symbols", mode="before")
    @classmethod
    def _of_a_string(cls, given: Any) -> Any:
        """A string is its characters."""
        return tuple(given) if isinstance(given, str) else given

    @field_validator("symbols")
    @classmethod
    def _usable(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        if len(symbols) >= MOST_SYMBOLS:
            raise ValueError(f"{len(symbols)} symbols are too many")
        twice = sorted({symbol for symbol in symbols if symbols.count(symbol) > 1}) if symbols else []
        if twice or "" in symbols:
            raise ValueError(f"{twice[0]!r} stands twice" if twice else "a symbol is empty")
        if symbols and SPACE not in symbols:
            raise ValueError("the space is not among them")
        return symbols

    @cached_property
    def rows(self) -> dict[str, int]:
        """Symbol → row of the model's table."""
        return {symbol: row for row, symbol in enumerate(self.symbols, start=1)}

    @cached_property
    def stand_ins(self) -> dict[str, str]:
        """Symbol → the one character that stands for it in a token sequence: itself, or a private one."""
        return {
            symbol: symbol if len(symbol) == 1 and symbol != PAD else chr(FIRST_PRIVATE + row)
            for symbol, row in self.rows.items()
        }

    @property
    def characters(self) -> tuple[str, ...]:
        """What `text.symbols` is for such a model: the filler, and one character for each symbol."""
        return (PAD, *self.stand_ins.values())

    def look_up(self, text: str) -> list[int]:
        """The rows of a text; a symbol that the table lacks is read as a space."""
        rows = self.rows
        return [rows.get(symbol, rows[SPACE]) for symbol in written_symbols(text)]


def written_symbols(text: str) -> list[str]:
    """The symbols of a text.

    Curly quotes are straight, a semicolon is a comma, a Latin word of two letters and more begins behind a
    space, a quotation mark or a colon, and each Chinese character is a space and its syllable with the tone's
    number, the tones changed by their neighbours.

    Raises:
        DependencyError: the text holds Chinese, and its packages are not installed.
    """
    text = text.translate(_SAME)
    symbols: list[str] = []
    for word in _words(text):
        if word.isascii():
            if symbols and len(word) > 1 and symbols[-1] not in _NO_SPACE_BEHIND:
                symbols.append(SPACE)
            symbols += word
        elif len(word.encode()) == 3 * len(word):
            for character, syllable in zip(word, _pinyin(word), strict=True):
                symbols += [SPACE, syllable] if _CHINESE.match(character) else [syllable]
        else:
            for character in word:
                symbols += [SPACE, *_pinyin(character)] if _CHINESE.match(character) else [character]
    return symbols


def _words(text: str) -> Iterable[str]:
    """Segments of a text: by a dictionary where it holds Chinese, else by `_LATIN_WORD`."""
    if not _CHINESE.search(text):
        return _LATIN_WORD.findall(text)
    try:
        import rjieba
    except ImportError as error:
        raise _no_chinese() from error
    words: list[str] = rjieba.cut(text)
    return words


def _pinyin(word: str) -> list[str]:
    if not _CHINESE.search(word):
        return list(word)
    try:
        from pypinyin import Style, lazy_pinyin
    except ImportError as error:
        raise _no_chinese() from error
    others: Any = list  # characters that are no Chinese stay, each on its own
    syllables: list[str] = lazy_pinyin(word, style=Style.TONE3, tone_sandhi=True, errors=others)
    return syllables


def _no_chinese() -> DependencyError:
    return DependencyError("Chinese needs pypinyin and rjieba", 'pip install "hiervox[zh]"')
