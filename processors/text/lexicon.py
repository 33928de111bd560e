"""A user's own pronunciations: a file with one `word<TAB>IPA` a line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from pathlib import Path

from hiervox.processors.text.cleaners import normalize
from hiervox.utils.errors import TextError


class Lexicon:
    """Words and their IPA. Words match whole and without regard to case; the longest one wins.

    Args:
        pronunciations: word → IPA.
    """

    def __init__(self, pronunciations: dict[str, str]) -> None:
        self._pronunciations = {_fold(word): ipa for word, ipa in pronunciations.items()}
        longest_first = sorted(pronunciations, key=len, reverse=True)
        words = "|".join(re.escape(normalize(word)) for word in longest_first)
        # an apostrophe between letters belongs to the word, one around a word is a quotation mark
        self._pattern = re.compile(rf"(?<!\w)(?<!\w')({words or '(?!)'})(?!\w|'\w)", re.IGNORECASE)

    def split(self, text: str) -> list[str]:
        """Cut a text at the known words: even places hold the text between, odd ones the IPA of a word."""
        parts = self._pattern.split(normalize(text))
        return [self._pronunciations[_fold(part)] if index % 2 else part for index, part in enumerate(parts)]


def read_lexicon(path: Path, symbols: Collection[str]) -> Lexicon:
    """Read a lexicon file (UTF-8). Empty lines and lines that begin with `#` are skipped.

    Args:
        path: the file.
        symbols: what an IPA string may hold.

    Raises:
        TextError: no such file, or a bad line, which is named.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise TextError(f"can't read the lexicon {path} ({error})", "name a UTF-8 text file") from error
    pronunciations: dict[str, str] = {}
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        word, *rest = [unicodedata.normalize("NFC", field.strip()) for field in line.split("\t")]
        if len(rest) != 1 or not word or not rest[0]:
            raise TextError(f"line {number} of {path} is not of the form word<TAB>IPA", "correct the line")
        unknown = sorted(set(rest[0]) - set(symbols))
        if unknown:
            raise TextError(
                f"line {number} of {path} holds {' '.join(unknown)}, which the model has no symbol for",
                "write the word with other IPA symbols",
            )
        if _fold(word) in seen:
            raise TextError(f"line {number} of {path} has {word!r} a second time", "remove one")
        seen.add(_fold(word))
        pronunciations[word] = rest[0]
    return Lexicon(pronunciations)


def _fold(word: str) -> str:
    """One form for all that `re.IGNORECASE` holds for the same, the Turkish dotted I among them."""
    return normalize(word).upper().lower().replace("i\u0307", "i")
