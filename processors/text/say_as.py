"""What `<say-as>` of SSML makes of its text, in words (https://www.w3.org/TR/ssml-sayas/)."""

from __future__ import annotations

import re
from calendar import month_name

from hiervox.utils.errors import TextError

KINDS = ("characters", "spell-out", "digits", "telephone", "cardinal", "number", "ordinal", "date")
DATE_FORMATS = ("mdy", "dmy", "ymd", "md", "dm", "my", "ym")
LONGEST_NUMBER = 15
"""Digits."""
_INTEGER = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+|[+-]?[0-9]+")


def say_as(kind: str, text: str, language: str, form: str = "") -> str:
    """A text as it is to be said.

    Args:
        kind: one of `KINDS`.
        text: what stands in the tag.
        language: espeak's code.
        form: of a date, one of `DATE_FORMATS`.

    Raises:
        TextError: the text is not of that kind, or the language has no words for numbers here.
    """
    said = text.strip()
    if kind in ("characters", "spell-out"):
        spelt = [
            _digit(char, language) if char.isdecimal() else char.upper() for char in said if char.isalnum()
        ]
        return ", ".join(spelt) or _refuse(kind, said, "write letters or digits")
    if kind in ("digits", "telephone"):
        groups = re.findall(r"[0-9]+", said)
        spoken = [" ".join(_digit(char, language) for char in group) for group in groups]
        plus = "plus " if kind == "telephone" and said.startswith("+") else ""
        return plus + ", ".join(spoken) if spoken else _refuse(kind, said, "write digits")
    if kind == "date":
        return _date(said, form)
    if not _INTEGER.fullmatch(said) or len(said) > LONGEST_NUMBER:
        _refuse(kind, said, f"write a whole number of up to {LONGEST_NUMBER} digits")
    return _number(int(said.replace(",", "")), language, "ordinal" if kind == "ordinal" else "cardinal")


def _digit(char: str, language: str) -> str:
    return _number(int(char), language, "cardinal")


def _number(value: int, language: str, to: str) -> str:
    from num2words import num2words

    for code in (language.replace("-", "_"), language.split("-")[0]):
        try:
            return str(num2words(value, lang=code, to=to)).replace(",", "")
        except NotImplementedError:
            continue
    raise TextError(f"no words for numbers in {language} are known", "write them out")


def _date(said: str, form: str) -> str:
    """With the month as a word, which the reading of dates expects."""
    numbers = [int(number) for number in re.findall(r"[0-9]+", said)]
    if form not in DATE_FORMATS or len(numbers) != len(form):
        _refuse("date", said, f"add format, {', '.join(DATE_FORMATS)}, with as many numbers")
    parts = dict(zip(form, numbers, strict=True))
    if not 1 <= parts["m"] <= 12 or not 1 <= parts.get("d", 1) <= 31:
        _refuse("date", said, "write a month of 1 to 12 and a day of 1 to 31")
    day = f" {parts['d']}" if "d" in parts else ""
    year = f"{',' if day else ''} {parts['y']}" if "y" in parts else ""
    return f"{month_name[parts['m']]}{day}{year}"


def _refuse(kind: str, said: str, hint: str) -> str:
    raise TextError(f"{said!r} can't be said as {kind}", hint)
