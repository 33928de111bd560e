"""English abbreviations and Roman numerals in words."""

from __future__ import annotations

import re

from hiervox.processors.text.numbers import SpokenNumbers
from hiervox.processors.text.sentences import ends_sentence

_BEFORE_NAMES = {  # never the end of a sentence
    "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Dr": "Doctor", "Drs": "Doctors", "Prof": "Professor",
    "Rev": "Reverend", "Hon": "Honorable", "Gen": "General", "Col": "Colonel", "Maj": "Major",
    "Capt": "Captain", "Lt": "Lieutenant", "Sgt": "Sergeant", "Cpl": "Corporal", "Pvt": "Private",
    "Cmdr": "Commander", "Gov": "Governor", "Sen": "Senator", "Rep": "Representative", "Pres": "President",
    "Supt": "Superintendent", "Msgr": "Monsignor", "Fr": "Father", "Mt": "Mount", "Ft": "Fort",
}  # fmt: skip
_BEFORE_NUMBERS = {
    "No": "number", "Nos": "numbers", "Vol": "volume", "Vols": "volumes", "pp": "pages", "p": "page",
    "Fig": "figure", "Figs": "figures", "Ch": "chapter", "Sec": "section", "Art": "article",
    "Eq": "equation", "Ed": "edition", "ext": "extension",
}  # fmt: skip
_ANYWHERE = {
    "e.g": "for example", "i.e": "that is", "etc": "et cetera", "vs": "versus", "cf": "compare",
    "viz": "namely", "approx": "approximately", "dept": "department", "est": "established",
    "incl": "including", "max": "maximum", "misc": "miscellaneous", "esp": "especially",
    "a.k.a": "also known as", "Jr": "Junior", "Sr": "Senior", "Esq": "Esquire", "Inc": "Incorporated",
    "Ltd": "Limited", "Corp": "Corporation", "Co": "Company", "Bros": "Brothers", "Ave": "Avenue",
    "Blvd": "Boulevard", "Rd": "Road", "Univ": "University", "Assn": "Association",
}  # fmt: skip
_NEVER_LAST = frozenset(("e.g", "i.e", "vs", "cf", "viz", "approx", "est", "incl", "esp", "a.k.a"))
_WITHOUT_STOP = frozenset(("Mr", "Mrs", "Ms", "Dr", "Prof"))  # as the British write them

_TITLES = "|".join((*_BEFORE_NAMES, *map(str.upper, _BEFORE_NAMES)))
_TITLE = re.compile(
    rf"\b(?:(?P<stopped>{_TITLES})\.(?=\s*(?:[A-Z\[&]|and\b))|(?P<bare>{'|'.join(_WITHOUT_STOP)})(?=\s[A-Z]))\s?"
)
_NUMBERED = re.compile(
    rf"\b(?P<word>{'|'.join(_BEFORE_NUMBERS)})\.[ ]?(?=[0-9]|(?-i:[IVXLC]{{2,}})\b)", re.IGNORECASE
)
_PLAIN = re.compile(
    rf"(?<![\w.])(?P<word>{'|'.join(map(re.escape, _ANYWHERE))})\.(?!\w)"
    r"|(?<![\w.])(?P<versus>(?-i:vs))(?=\s)",
    re.IGNORECASE,
)
_SPOKEN = {written.lower(): words for written, words in (_BEFORE_NUMBERS | _ANYWHERE).items()}
_STREET = re.compile(
    r"(?P<before>(?:\b(?:on|at|in|from|to|of|down|up|along|near|off|and|[0-9]+(?:st|nd|rd|th)?)\s(?:[NSEW]\.?\s)?)"
    r"(?:[A-Z][a-z]+\s|[0-9]+(?:st|nd|rd|th)\s){1,2})(?P<kind>St|Dr)\.(?=\s*(?:[,;:!?)A-Z\n]|[a-z]|\Z))"
)
_SAINT = re.compile(r"\bSt\.?(?=\s[A-Z])\s")
_STREET_AT_END = re.compile(r"\bSt\.")

_ROMAN = r"(?=[IVXLC])(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?<=[IVXLC])"
_NUMBERED_THINGS = (
    "Chapter|Part|Act|Scene|Section|Volume|Book|Article|Appendix|Title|Phase|Type|Stage|Class|Level|Grade|Round|"
    "Episode|Figure|Table|Canto|Psalm|War|Bowl|Number|Page|Pages|Mark|Group|Division|Unit|Lesson|Step|Tier|Schedule"
)
_NUMBERED_FROM_ONE = frozenset((
    "Chapter", "Part", "Act", "Scene", "Volume", "Book", "Article", "War", "Bowl", "Canto", "Psalm",
    "Phase", "Appendix",
))  # fmt: skip
"""After these a single letter I, V or X is a number too; `Type C`, `Step I took` are none."""
_RULERS = (
    "Henry|Louis|Charles|Elizabeth|George|Edward|William|Richard|James|Philip|Napoleon|Paul|Pius|Leo|Benedict|"
    "Gregory|Clement|Innocent|Urban|Catherine|Alexander|Nicholas|Peter|Frederick|Ivan|Mary|Ramesses|Ramses|Christian|"
    "Gustav|Carl|Karl|Harald|Harold|Haakon|Olav|John|Francis|Ferdinand|Leopold|Albert|Wilhelm|Otto|Friedrich|"
    "Constantine|Ptolemy|Darius|Xerxes|Cleopatra|Robert|David|Stephen|Victor|Umberto|Emmanuel|Felipe|Juan"
)
_NUMBERED_ROMAN = re.compile(
    rf"\b(?P<thing>{_NUMBERED_THINGS})(?P<space>\s)(?P<roman>{_ROMAN})\b(?!')", re.IGNORECASE
)
_RULER = re.compile(
    rf"\b(?P<name>{_RULERS})(?P<space>\s)(?P<roman>(?![IL]\b){_ROMAN}|I(?=[,;:.!?)]|\sof\b|\Z))"
    r"(?!(?<=\s[IVX])\.\s[A-Z])(?P<possessive>'s)?\b"  # James V. Lee is no king
)
_OTHER_ROMAN = re.compile(
    r"\b(?P<name>[A-Z][a-z]{2,})(?P<space>\s)(?P<roman>I{2,3}|VI{1,3}|IX|XI{1,3}|XI?V|XVI{0,3})\b"
)
_FUNCTION_WORDS = frozenset((
    "The", "And", "But", "For", "This", "That", "His", "Her", "Its", "Our", "Your", "Their", "With",
    "From", "Some", "Any", "All", "Not", "Use",
))  # fmt: skip
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


def speak_abbreviations(text: str, spoken: SpokenNumbers) -> str:
    """Dr. Smith, Main St., St. Paul, No. 5, e.g., etc.; the stop stays where it ends the sentence."""

    def plain(match: re.Match[str]) -> str:
        if match["versus"]:
            return "versus"
        word = match["word"]
        words = _cased(_SPOKEN[word.lower()], word)
        may_end = word.lower() not in _NEVER_LAST
        return f"{words}." if may_end and ends_sentence(match.string, match.end()) else words

    def street(match: re.Match[str]) -> str:
        name = "Street" if match["kind"] == "St" else "Drive"
        ends = ends_sentence(match.string, match.end())
        return f"{match['before']}{name}" + ("." if ends else "")

    text = _STREET.sub(street, text)
    text = _TITLE.sub(
        lambda match: f"{_BEFORE_NAMES[(match['stopped'] or match['bare']).capitalize()]} ", text
    )
    text = _SAINT.sub("Saint ", text)
    text = _STREET_AT_END.sub(
        lambda match: "Street." if ends_sentence(match.string, match.end()) else "Street", text
    )
    text = _NUMBERED.sub(lambda match: f"{_cased(_SPOKEN[match['word'].lower()], match['word'])} ", text)
    return _PLAIN.sub(plain, text)


def speak_romans(text: str, spoken: SpokenNumbers) -> str:
    """Chapter IV → Chapter four, Henry VIII → Henry the eighth, Rocky II → Rocky two; others stay."""

    def numbered(match: re.Match[str]) -> str:
        roman = match["roman"]
        if not roman.isupper() or (
            len(roman) == 1 and (match["thing"] not in _NUMBERED_FROM_ONE or roman in "LC")
        ):
            return match[0]
        return f"{match['thing']}{match['space']}{spoken.cardinal(_value(roman))}"

    def ruler(match: re.Match[str]) -> str:
        ordinal = spoken.ordinal(_value(match["roman"]))
        return f"{match['name']}{match['space']}the {ordinal}{match['possessive'] or ''}"

    def other(match: re.Match[str]) -> str:
        if match["name"] in _FUNCTION_WORDS:
            return match[0]
        return f"{match['name']}{match['space']}{spoken.cardinal(_value(match['roman']))}"

    return _OTHER_ROMAN.sub(other, _RULER.sub(ruler, _NUMBERED_ROMAN.sub(numbered, text)))


def _cased(words: str, like: str) -> str:
    """A capital where the abbreviation has one and its word is no name of its own."""
    return words[0].upper() + words[1:] if like[0].isupper() else words


def _value(roman: str) -> int:
    values = [_ROMAN_DIGITS[digit] for digit in roman]
    following = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, following, strict=True))
