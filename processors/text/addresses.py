"""Web and mail addresses, phone numbers and other strings of digits in English words."""

from __future__ import annotations

import re

from hiervox.processors.text.numbers import LONGEST_NUMBER, START, SpokenNumbers

_ENDINGS = "com|org|net|edu|gov|mil|io|ai|dev|app|info|co|uk|de|fr|es|it|nl|eu|ca|au|us|tv|me|ly|jp|ch"
_HOST = r"(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,18}"
_TAIL = r"(?::[0-9]{2,5}(?![0-9]))?(?:[/?#][^\s<>\"“”\[\]]*)?"
_MAIL = re.compile(rf"(?<![\w.+-])[A-Za-z0-9._%+-]{{1,64}}@{_HOST}(?![\w@])")
_WEB = re.compile(
    rf"(?<![\w@.])(?:(?:https?|ftp)://[^\s<>\"“”\[\]]+|www\.{_HOST}{_TAIL}"
    rf"|(?:[A-Za-z0-9-]{{1,63}}\.){{1,8}}(?:{_ENDINGS})(?![\w-]|\.\w){_TAIL})"
)
_SCHEME = re.compile(r"(?:https?|ftp)://")
_CLOSING = ".,;:!?)'’\"*_"
_MARKS = {
    ".": "dot", "/": "slash", "-": "dash", "_": "underscore", "?": "question mark", "=": "equals", "&": "and",
    "#": "hash", "@": "at", ":": "colon", "%": "percent", "~": "tilde", "+": "plus",
}  # fmt: skip
_PARTS = re.compile(r"[0-9]+|[^\W\d_]+|.", re.DOTALL)
SHORT_NUMBER = 2  # digits; in a name a longer number is read digit by digit

_PHONE = re.compile(
    rf"{START}(?:\+[0-9]{{1,3}}(?:[ .-]?\(?[0-9]{{1,4}}\)?){{2,6}}"
    r"|\(0?[0-9]{2,4}\)[ ]?[0-9]{3,4}[ .-]?[0-9]{3,4}"
    r"|[0-9]{3}[-. ][0-9]{3}[-. ][0-9]{4}|[0-9]{3}-[0-9]{4}|[0-9]{5}-[0-9]{4}"
    r"|0[0-9]{2,4} [0-9]{3,4} [0-9]{3,4}(?: [0-9]{2,4})?)(?![0-9A-Za-z_]|[.,-][0-9])"
)
_DIALLED = re.compile(r"(?<=\b[Dd]ial |\b[Cc]all )([0-9]{3})\b(?![.,:-][0-9])")
_DASHED = re.compile(rf"{START}[0-9]+(?:-[0-9]+){{2,}}(?![0-9A-Za-z_]|[.,][0-9])")
_DOTTED = re.compile(rf"{START}[0-9]+(?:\.[0-9]+){{2,}}(?![0-9A-Za-z_])")
_LONG = re.compile(rf"(?<![0-9.,])[0-9]{{{LONGEST_NUMBER + 1},}}(?![0-9])")


def speak_addresses(text: str, spoken: SpokenNumbers) -> str:
    """www.example.com/a-b → www dot example dot com slash a dash b; the scheme (https://) is not read."""

    def in_words(match: re.Match[str]) -> str:
        address = match[0].rstrip(_CLOSING)
        closing = match[0][len(address) :]
        if not _SCHEME.sub("", address):
            return match[0]
        parts = _PARTS.findall(_SCHEME.sub("", address).rstrip("/"))
        words = " ".join(_MARKS.get(part) or _word_or_number(part, spoken) for part in parts)
        return f"{words}{closing}"

    return _WEB.sub(in_words, _MAIL.sub(in_words, text))


def speak_digit_strings(text: str, spoken: SpokenNumbers) -> str:
    """Phone numbers and ZIP+4 digit by digit, in groups; versions and IP addresses by their parts."""

    def grouped(match: re.Match[str]) -> str:
        plus = "plus " if match[0].startswith("+") else ""
        return plus + ", ".join(spoken.digits(group) for group in re.findall(r"[0-9]+", match[0]))

    def dotted(match: re.Match[str]) -> str:
        return " point ".join(spoken.number(part) for part in match[0].split("."))

    text = _DIALLED.sub(grouped, _PHONE.sub(grouped, text))
    text = _DASHED.sub(grouped, text)
    text = _DOTTED.sub(dotted, text)
    return _LONG.sub(lambda match: spoken.digits(match[0]), text)


def name_number(digits: str, spoken: SpokenNumbers) -> str:
    """Digits in a name: 19 → nineteen, 747 → seven four seven."""
    short = len(digits) <= SHORT_NUMBER and not digits.startswith("0")
    return spoken.cardinal(int(digits)) if short else spoken.digits(digits)


def _word_or_number(part: str, spoken: SpokenNumbers) -> str:
    return name_number(part, spoken) if part.isascii() and part.isdecimal() else part
