"""Dates and times of day in English words."""

from __future__ import annotations

import re

from hiervox.processors.text.numbers import START, SpokenNumbers
from hiervox.processors.text.sentences import ends_sentence

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MONTH_OF = {month[:length].lower(): month for month in MONTHS for length in (3, len(month))} | {
    "sept": "September"
}
_MONTH = rf"(?:{'|'.join(MONTHS)}|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])"
_YEAR = r"(?:1[0-9]|20)[0-9]{2}"
_END = r"(?![0-9A-Za-z_]|[.,/:-][0-9])"

_ISO = re.compile(rf"{START}(?P<year>{_YEAR})-(?P<month>0[1-9]|1[0-2])-(?P<day>{_DAY}){_END}")
_NUMERIC = re.compile(
    rf"{START}(?P<first>[0-9]{{1,2}})(?P<mark>[/.])(?P<second>[0-9]{{1,2}})(?P=mark)(?P<year>{_YEAR}|[0-9]{{2}}){_END}"
)
OLDEST_SHORT_YEAR = 70  # '70 is 1970, '69 is 2069, as POSIX has it
_DAY_FIRST = re.compile(
    rf"(?P<article>\b[Tt]he )?{START}(?P<day>{_DAY})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH})"
    rf"(?:,? (?P<year>{_YEAR}){_END}|(?![A-Za-z]))"
)
_MONTH_FIRST = re.compile(
    rf"\b(?P<month>{_MONTH}) (?P<day>{_DAY})(?:st|nd|rd|th)?(?:[-–](?P<last>{_DAY})(?:st|nd|rd|th)?)?{_END}"
    rf"(?:,? (?P<year>{_YEAR}){_END})?"
)
_MONTH_AND_YEAR = re.compile(rf"\b(?P<month>{_MONTH}) (?P<year>{_YEAR}){_END}")
_TIME = re.compile(
    rf"{START}(?P<hour>[01]?[0-9]|2[0-4])(?::(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?)?"
    r"(?:[ \u00a0\u202f]?(?P<half>[AaPp])(?P<dot>\.?)[Mm](?P<end>\.?)(?![A-Za-z0-9]))?(?![0-9A-Za-z_]|:[0-9])"
)
_TIME_RANGE = re.compile(
    r"(?<=[0-9mM.])[ ]?[-–][ ]?(?=(?:[0-9]|1[0-2])(?:[:.][0-5][0-9])?[ \u00a0\u202f]?[AaPp]\.?[Mm]\b)"
    r"|(?<=[0-9]:[0-9]{2})[ ]?[-–][ ]?(?=[0-9]{1,2}:[0-9]{2})"
)
_DOTTED_TIME = re.compile(r"(?<![0-9.])([01]?[0-9])\.([0-5][0-9])(?=[ \u00a0\u202f]?[AaPp]\.?[Mm]\b)")


def speak_dates(text: str, spoken: SpokenNumbers) -> str:
    """2026-11-21, 11/21/2026, 21 Nov 2026, November 21, 2026, Nov 2026.

    Of two numbers that both could be a month, American English has the month first, other English the day.
    """

    def in_words(month: str, day: str, year: str | None) -> str:
        ordinal = spoken.ordinal(int(day))
        date = f"{month} {ordinal}" if spoken.american else f"the {ordinal} of {month}"
        return f"{date}, {spoken.year(int(year))}" if year else date

    def numeric(match: re.Match[str]) -> str:
        month, day = int(match["first"]), int(match["second"])
        day_first = not spoken.american or match["mark"] == "."
        if (day_first and day <= 12) or month > 12:
            month, day = day, month
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return match[0]
        year = int(match["year"])
        if year < 100:
            year += 1900 if year >= OLDEST_SHORT_YEAR else 2000
        return in_words(MONTHS[month - 1], str(day), str(year))

    def day_first(match: re.Match[str]) -> str:
        article = match["article"] or "the "
        date = f"{article}{spoken.ordinal(int(match['day']))} of {_month(match)}"
        if match["year"]:
            return f"{date}, {spoken.year(int(match['year']))}"
        return f"{date}." if match[0].endswith(".") and ends_sentence(match.string, match.end()) else date

    def month_first(match: re.Match[str]) -> str:
        date = f"{_month(match)} {spoken.ordinal(int(match['day']))}"
        if match["last"]:
            date += f" to {spoken.ordinal(int(match['last']))}"
        return f"{date}, {spoken.year(int(match['year']))}" if match["year"] else date

    text = _ISO.sub(
        lambda match: in_words(MONTHS[int(match["month"]) - 1], match["day"], match["year"]), text
    )
    text = _NUMERIC.sub(numeric, text)
    text = _DAY_FIRST.sub(day_first, text)
    text = _MONTH_FIRST.sub(month_first, text)
    return _MONTH_AND_YEAR.sub(lambda match: f"{_month(match)} {spoken.year(int(match['year']))}", text)


def speak_times(text: str, spoken: SpokenNumbers) -> str:
    """9:30 pm, 9 a.m., 14:05, 9.30 pm, 5-7 pm."""

    def in_words(match: re.Match[str]) -> str:
        hour, minute, second, half = match["hour"], match["minute"], match["second"], match["half"]
        if minute is None and half is None:
            return match[0]
        words = [spoken.cardinal(int(hour))]
        if second is not None:
            words += [_two_digits(part, spoken) for part in (minute, second)]
        elif minute is not None and int(minute):
            words.append(_two_digits(minute, spoken))
        elif half is None:
            words.append("o'clock" if 1 <= int(hour) <= 12 else "hundred")
        if half is None:
            return " ".join(words)
        # letters joined by a hyphen: espeak would take a lone "a" for the article
        words.append(f"{half.lower()}-m")
        abbreviated = match["dot"] and match["end"] and not ends_sentence(match.string, match.end())
        return " ".join(words) + ("" if abbreviated else match["end"])

    text = _TIME_RANGE.sub(" to ", text)
    return _TIME.sub(in_words, _DOTTED_TIME.sub(r"\1:\2", text))


def _month(match: re.Match[str]) -> str:
    return _MONTH_OF[match["month"].rstrip(".").lower()]


def _two_digits(written: str, spoken: SpokenNumbers) -> str:
    value = int(written)
    return f"oh {spoken.cardinal(value)}" if value and value < 10 else spoken.cardinal(value)
