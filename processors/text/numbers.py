"""Numbers in English words, by num2words."""

from __future__ import annotations

from num2words import num2words

NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+"
"""What `SpokenNumbers.number` reads: digits, perhaps grouped by commas, perhaps with decimals."""

START = r"(?<![0-9A-Za-z_])(?<![0-9][.,])"
"""A number begins here: neither in a word nor within another number."""

LONGEST_NUMBER = 15  # digits; a longer one is read digit by digit


class SpokenNumbers:
    """Numbers as words, without the commas that would be heard as pauses.

    Args:
        american: "one hundred three" and months before days, not "one hundred and three" and days first.
    """

    def __init__(self, american: bool) -> None:
        self.american = american

    def cardinal(self, value: int) -> str:
        """123 → one hundred twenty-three."""
        return self._plain(num2words(value))

    def ordinal(self, value: int) -> str:
        """3 → third."""
        return self._plain(num2words(value, to="ordinal"))

    def year(self, value: int) -> str:
        """1984 → nineteen eighty-four."""
        return self._plain(num2words(value, to="year"))

    def decade(self, value: int) -> str:
        """1990 → nineteen nineties."""
        return plural(self.year(value))

    def digits(self, written: str) -> str:
        """0042 → zero zero four two; what is no digit is left out."""
        return " ".join(num2words(int(digit)) for digit in written if digit.isdecimal())

    def number(self, written: str) -> str:
        """What matches `NUMBER`: 1,234.50 → one thousand two hundred thirty-four point five zero."""
        whole, point, decimals = written.replace(",", "").partition(".")
        if len(whole) > LONGEST_NUMBER or (len(whole) > 1 and whole.startswith("0")):
            words = self.digits(whole)
        else:
            words = self.cardinal(int(whole)) if whole else "zero"
        return f"{words} point {self.digits(decimals)}" if point else words

    def count(self, written: str, one: str, many: str) -> str:
        """A number of things: 1 → one foot, 2 → two feet, 0.5 → zero point five feet."""
        return f"{self.number(written)} {one if written == '1' else many}"

    def _plain(self, words: str) -> str:
        words = words.replace(",", "")
        return words.replace(" and ", " ") if self.american else words


def plural(words: str) -> str:
    """nineteen ninety → nineteen nineties; two thousand → two thousands."""
    if words.endswith("y"):
        return f"{words[:-1]}ies"
    return f"{words}es" if words.endswith("x") else f"{words}s"
