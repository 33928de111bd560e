"""Written English as one would read it aloud: numbers, dates, money, measures, abbreviations."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from html.entities import html5

from hiervox.processors.text.abbreviations import speak_abbreviations, speak_romans
from hiervox.processors.text.addresses import name_number, speak_addresses, speak_digit_strings
from hiervox.processors.text.dates import speak_dates, speak_times
from hiervox.processors.text.languages import rules_of
from hiervox.processors.text.numbers import NUMBER, START, SpokenNumbers, plural
from hiervox.processors.text.quantities import speak_fractions, speak_measures, speak_money
from hiervox.processors.text.sentences import INLINE_IPA

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|(?P<name>[A-Za-z][A-Za-z0-9]{1,30}));")
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_RAISED = re.compile(r"(?<=[0-9])(?![²³](?![⁰¹²³⁴-⁹]))⁻?[⁰¹²³⁴-⁹]{1,3}(?![⁰¹²³⁴-⁹])")
_LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_FROM_SUBSCRIPT = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_GROUPED_BY_SPACE = re.compile(rf"{START}[0-9]{{1,3}}(?:[\u00a0\u2009\u202f][0-9]{{3}})+(?![0-9])")
_MINUS = re.compile(r"(?<![\w.,)\]%°^–—-])[-−](?=[$£€¥₹]?\.?[0-9])")
_DECADE = re.compile(
    r"(?<![0-9A-Za-z_.,])(?:(?P<full>1[0-9]{2}0|20[0-9]0)"
    r"|(?:['’]|(?<=\b[Tt]he )|(?<=\b(?:his|her) )|(?<=\btheir )|(?<=\bmid[ -]))(?P<short>[2-9]0))['’]?s\b"
)
_ORDINAL = re.compile(rf"{START}([0-9]{{1,3}}(?:,[0-9]{{3}})+|[0-9]{{1,9}})(?i:st|nd|rd|th)\b")
_RANGE = re.compile(
    rf"{START}(?P<first>{NUMBER})(?P<mark>[ ]?[–—][ ]?|-)(?P<last>{NUMBER})(?![0-9A-Za-z_]|[-–.,/:][0-9])"
)
_ERA = r"(?:AD|CE|BCE?)\b"
_YEAR = re.compile(
    rf"{START}(?<!number )(?P<year>1[0-9]{{3}}|20[0-9]{{2}}|[0-9]{{1,4}}(?= ?{_ERA}))(?P<era> ?{_ERA})?"
    r"(?![0-9A-Za-z_]|[.,][0-9])"
)
EARLIEST_PLAIN_YEAR = 1100  # a number before it is a year only after such words as "in"
_ERA_BEFORE = re.compile(r"\bAD (?=[0-9]{1,4}\b)")
_YEAR_BEFORE = re.compile(
    r"\b(?:in|since|year|by|until|till|circa|around|during|before|after|early|late|mid|summer|spring|winter|autumn|fall)"
    r"[ -]?(?:of )?\Z",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\s(?:(?:other|more|new|different|small|large|people|men|women|children)\b|(?P<noun>[a-z]{3,}s)\b)"
)
_NOT_NOUNS = frozenset((
    "was", "has", "does", "this", "its", "his", "hers", "theirs", "yours", "perhaps", "always",
    "sometimes", "towards", "besides",
))  # fmt: skip
_POWER = re.compile(r"(?<=[0-9])\^(?P<minus>[-−])?(?P<power>[0-9]{1,3})(?![0-9])")
_SCIENTIFIC = re.compile(rf"{START}({NUMBER})[eE]([-+−]?)([0-9]{{1,3}})(?![0-9A-Za-z_])")
_SUPERSCRIPT = re.compile(r"(?<=[0-9A-Za-z)])([²³])")
_LIST_NUMBER = re.compile(r"^([ \t]*[0-9]{1,3})[.)](?=[ \t]+\S)", re.MULTILINE)
_BEFORE_NUMBERS = {"#": "number ", "№": "number ", "§": "section "}
_BEFORE_NUMBER = re.compile(r"(?<!\w)(#(?=[0-9])|[№§][ ]?(?=[0-9]))")
_MINUS_AFTER_CURRENCY = re.compile(r"([$£€¥₹])[-−](?=\.?[0-9])")
_DIMENSIONS = re.compile(r"(?<=[0-9])(?:[x×]| [x×] )(?=[0-9])")
_RATIO = re.compile(rf"{START}([0-9]{{1,4}}):([0-9]{{1,4}})(?![0-9A-Za-z_:])")
_BETWEEN = {
    "+": "plus",
    "×": "times",
    "*": "times",
    "÷": "divided by",
    "=": "equals",
    "<": "is less than",
    ">": "is greater than",
}
_OPERATOR = re.compile(
    r"(?<=[0-9A-Za-z)])[ ]?([+×*÷=])[ ]?(?=[0-9])|(?<=[0-9A-Za-z)])[ ]([=<>])[ ](?=[0-9A-Za-z(-])"
)
_MORE = re.compile(r"(?<=[0-9])\+(?=[\s,.;:!?)]|\Z)")
_SIGNS = {
    "~": "about ",
    "≈": "about ",
    "±": "plus or minus ",
    "<": "less than ",
    ">": "more than ",
    "≤": "at most ",
    "≥": "at least ",
}
_SIGN_BEFORE = re.compile(r"(?<![\w<>=])([~≈±<>≤≥])[ ]?(?=[$£€¥]?[0-9])")
_LETTERS_AND_LETTERS = re.compile(r"\b([A-Z]{1,3})&([A-Z]{1,3})\b")
_AMPERSAND = re.compile(r"[ ]?&(?!&)[ ]?")
_NAME = re.compile(
    r"(?<![\w.])(?=[A-Za-z0-9.-]{0,60}[0-9])(?=[0-9.-]{0,60}[A-Za-z])[A-Za-z0-9]{1,40}"
    r"(?:-[A-Za-z0-9]{1,40}|\.[0-9]{1,10}(?:[A-Za-z]{1,10})?){0,4}(?!\w|\.[0-9])"
)
SHORT_INITIALISM = 2  # letters; before a number it is spelt: C-O-two
_NUMBER_ALONE = re.compile(rf"{START}({NUMBER})(?![0-9])(?P<after>(?=[^\W0-9]))?")
_REMAINING = re.compile(r"(?P<before>(?<=[^\W0-9]))?(?P<digits>[0-9]+)(?P<after>(?=[^\W0-9]))?")


def normalize_text(text: str, language: str = "en-us") -> str:
    """The text as one reads it aloud, by the rules of its language (`hiervox.processors.text.languages`).

    `[[ipa]]` stays as it is. A text in a language without rules comes back unchanged: espeak reads its
    numbers.

    Args:
        text: any.
        language: espeak's code.
    """
    normalize = rules_of(language).normalize
    if normalize is None:
        return text
    parts = []
    place = 0
    for ipa in INLINE_IPA.finditer(text):
        parts += [normalize(text[place : ipa.start()], language), ipa[0]]
        place = ipa.end()
    return "".join((*parts, normalize(text[place:], language)))


def normalize_english(text: str, language: str = "en-us") -> str:
    """Numbers, dates, times, money, measures, addresses and abbreviations as English words.

    Nothing is left out but the scheme of a web address (`https://`) and the stops of abbreviations. Plain
    words stay as they are.

    Args:
        text: without inline IPA.
        language: espeak's code. `en-us` reads 3/4/2026 as the fourth of March, other English as the third of
            April.
    """
    return _normalize(text, SpokenNumbers(american=language == "en" or language.startswith("en-us")))


def _normalize(text: str, spoken: SpokenNumbers) -> str:
    for step in _STEPS:
        text = step(text, spoken)
    return text


def _decode(text: str, spoken: SpokenNumbers) -> str:
    """Character references of HTML, digits of other scripts, raised ones, numbers grouped by thin spaces."""
    text = _ENTITY.sub(_character, text)
    text = _OTHER_DIGIT.sub(lambda match: str(unicodedata.decimal(match[0])), text)
    text = _RAISED.sub(lambda match: f"^{match[0].translate(_LOWERED)}", text.translate(_FROM_SUBSCRIPT))
    return _GROUPED_BY_SPACE.sub(lambda match: re.sub(r"\s", "", match[0]), text)


def _character(reference: re.Match[str]) -> str:
    """What &amp; and &#65; stand for; a name that HTML doesn't know stays."""
    name = reference["name"]
    return html5.get(f"{name};", reference[0]) if name else html.unescape(reference[0])


def _speak_signs(text: str, spoken: SpokenNumbers) -> str:
    """What stands before a number: 1. in a list, #1, §2, -5, $-5, 2x4, ~5, >5."""
    text = _LIST_NUMBER.sub(r"\1:", text)
    text = _BEFORE_NUMBER.sub(lambda match: _BEFORE_NUMBERS[match[1].rstrip()], text)
    text = _MINUS_AFTER_CURRENCY.sub(r"-\1", text)
    text = _MINUS.sub("minus ", text)
    text = _DIMENSIONS.sub(" by ", text)
    return _SIGN_BEFORE.sub(lambda match: _SIGNS[match[1]], text)


def _speak_arithmetic(text: str, spoken: SpokenNumbers) -> str:
    """3 + 4 = 7, 10^6, 1e-3, 16:9, 10+."""

    def power(match: re.Match[str]) -> str:
        minus = "minus " if match["minus"] else ""
        return f" to the power of {minus}{spoken.cardinal(int(match['power']))}"

    def scientific(match: re.Match[str]) -> str:
        minus = "minus " if match[2] in ("-", "−") else ""
        return f"{spoken.number(match[1])} times ten to the power of {minus}{spoken.cardinal(int(match[3]))}"

    text = _SCIENTIFIC.sub(scientific, text)
    text = _POWER.sub(power, text)
    text = _SUPERSCRIPT.sub(lambda match: " squared" if match[1] == "²" else " cubed", text)
    text = _RATIO.sub(lambda match: f"{spoken.number(match[1])} to {spoken.number(match[2])}", text)
    text = _OPERATOR.sub(lambda match: f" {_BETWEEN[match[1] or match[2]]} ", text)
    return _MORE.sub(" plus", text)


def _speak_decades(text: str, spoken: SpokenNumbers) -> str:
    """the 1990s, the '90s, her 30s."""

    def in_words(match: re.Match[str]) -> str:
        if match["full"]:
            return spoken.decade(int(match["full"]))
        return plural(spoken.cardinal(int(match["short"])))

    return _DECADE.sub(in_words, text)


def _speak_years(text: str, spoken: SpokenNumbers) -> str:
    """1984; a number before what can be counted is no year."""

    def in_words(match: re.Match[str]) -> str:
        value = int(match["year"])
        era = f" {'-'.join(match['era'].strip())}" if match["era"] else ""
        if not era and not _YEAR_BEFORE.search(match.string, max(0, match.start() - 20), match.start()):
            if value < EARLIEST_PLAIN_YEAR:
                return match[0]
            counted = _COUNTED.match(match.string, match.end())
            if counted and counted["noun"] not in _NOT_NOUNS:
                return match[0]
        return (spoken.year(value) if value >= 1000 else spoken.cardinal(value)) + era

    return _ERA_BEFORE.sub("A-D ", _YEAR.sub(in_words, text))


def _speak_numbers(text: str, spoken: SpokenNumbers) -> str:
    """Ranges, ordinals, names with digits (B2B, COVID-19), and every number that is left."""

    def between(match: re.Match[str]) -> str:
        first, last = (
            spoken.year(int(number)) if _YEAR.fullmatch(number) and match["mark"] else spoken.number(number)
            for number in (match["first"], match["last"])
        )
        return f"{first} to {last}"

    def name(match: re.Match[str]) -> str:
        # hyphens: espeak would take a lone "a" for the article
        return "-".join(_part_of_name(part, spoken) for part in re.findall(r"[A-Za-z]+|[0-9]+|\.", match[0]))

    def remaining(match: re.Match[str]) -> str:
        return f"{_gap(match['before'])}{spoken.number(match['digits'])}{_gap(match['after'])}"

    text = _RANGE.sub(between, text)
    text = _speak_years(text, spoken)
    text = _ORDINAL.sub(lambda match: spoken.ordinal(int(match[1].replace(",", ""))), text)
    text = _NAME.sub(name, text)
    text = _NUMBER_ALONE.sub(lambda match: spoken.number(match[1]) + _gap(match["after"]), text)
    return _REMAINING.sub(remaining, text)


def _gap(letter_beside: str | None) -> str:
    """A space, where a letter is next to the number."""
    return "" if letter_beside is None else " "


def _part_of_name(part: str, spoken: SpokenNumbers) -> str:
    if part == ".":
        return "point"
    if part.isalpha():
        return "-".join(part) if len(part) <= SHORT_INITIALISM and part.isupper() else part
    return name_number(part, spoken).replace(" ", "-")


def _speak_ampersands(text: str, spoken: SpokenNumbers) -> str:
    """R&D, Rock & Roll."""
    # hyphens: espeak would take lone letters for words
    text = _LETTERS_AND_LETTERS.sub(lambda match: "-".join((*match[1], "and", *match[2])), text)
    return _AMPERSAND.sub(" and ", text)


_STEPS: tuple[Callable[[str, SpokenNumbers], str], ...] = (
    _decode,
    speak_addresses,
    speak_dates,
    speak_times,
    speak_abbreviations,
    speak_romans,
    _speak_signs,
    speak_money,
    speak_digit_strings,
    speak_fractions,
    _speak_decades,
    speak_measures,
    _speak_arithmetic,
    _speak_numbers,
    _speak_ampersands,
)
"""In this order: what a step reads, no later one meets as digits."""
