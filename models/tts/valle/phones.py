"""IPA as the phones of a published symbol table, whose symbols may have several characters."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import field_validator

from hiervox.processors.text.symbols import PUNCTUATION, SILENT
from hiervox.utils.config import Config
from hiervox.utils.errors import TextError

PAD, BEGIN, END = "<pad>", "<bos>", "<eos>"
STRESS = "ˈˌ"
WORD = "_"
"""Between two words."""


class PhoneTable(Config):
    """The symbols of a model that was trained with lifeiteng/vall-e's text front end.

    Attributes:
        symbols: in the order of their ids; empty for a model that reads `text.symbols`.
    """

    symbols: tuple[str, ...] = ()

    @field_validator("symbols")
    @classmethod
    def _once_each(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({symbol for symbol in symbols if symbols.count(symbol) > 1})
        if twice or "" in symbols:
            raise ValueError(f"{twice[0]!r} stands twice" if twice else "a symbol is empty")
        return symbols

    @classmethod
    def of(cls, symbols: Sequence[str]) -> PhoneTable:
        """The table of a training set's symbols: padding, both marks, then they, sorted."""
        return cls(symbols=(PAD, BEGIN, END, *sorted(symbols)))

    def look_up(self, ipa: str) -> tuple[list[int], list[int]]:
        """Ids of the phones of an IPA string, and at which character each begins.

        Stress is left out, a space between two words is `_`, and one beside a mark is nothing, as are marks
        that the table lacks. espeak's own boundaries of phones are not known here: the longest symbol is
        taken at each place.

        Raises:
            TextError: the table has no phone for a sound.
        """
        ids = {symbol: number for number, symbol in enumerate(self.symbols)}
        longest = max(map(len, self.symbols), default=0)
        places = [place for place, symbol in enumerate(ipa) if symbol not in STRESS]
        bare = "".join(ipa[place] for place in places)
        found: list[tuple[int, int]] = []
        start = 0
        while start < len(bare):
            if bare[start] == " ":
                if _apart(bare, start) and WORD in ids:
                    found.append((ids[WORD], places[start]))
                start += 1
                continue
            sizes = (size for size in range(longest, 0, -1) if bare[start : start + size] in ids)
            size = next(sizes, 0)
            if size:
                found.append((ids[bare[start : start + size]], places[start]))
            elif bare[start] not in SILENT:
                raise TextError(
                    f"the model has no phone for {bare[start]!r} in the IPA {ipa!r}",
                    "write other words, or inline IPA like [[həlˈoʊ]]",
                )
            start += max(1, size)
        return [number for number, _ in found], [place for _, place in found]


def _apart(ipa: str, place: int) -> bool:
    """Whether the space at a place stands between two sounds."""
    around = ipa[place - 1 : place] + ipa[place + 1 : place + 2]
    return len(around) == 2 and not any(symbol in PUNCTUATION for symbol in around)
