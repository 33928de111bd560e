"""Written text made ready for espeak: the published English cleaning, and a light one for other languages."""

from __future__ import annotations

import re
import unicodedata

from hiervox.processors.text.languages import rules_of

# Spoken forms as in the English cleaner of the published model (which has them from keithito/tacotron).
ABBREVIATIONS = {
    "mrs": "misess",
    "mr": "mister",
    "dr": "doctor",
    "st": "saint",
    "co": "company",
    "jr": "junior",
    "maj": "major",
    "gen": "general",
    "drs": "doctors",
    "rev": "reverend",
    "lt": "lieutenant",
    "hon": "honorable",
    "sgt": "sergeant",
    "capt": "captain",
    "esq": "esquire",
    "ltd": "limited",
    "col": "colonel",
    "ft": "fort",
}
_ABBREVIATION = re.compile(rf"\b({'|'.join(sorted(ABBREVIATIONS, key=len, reverse=True))})\.", re.IGNORECASE)

# Typographic apostrophes and spaces mean the same as the plain ones in every language.
_PLAIN = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "\u00a0": " ", "\u202f": " "})

# What compatibility decomposition leaves alone, spelt as the published cleaner (Unidecode) spells it.
# It comes again after decomposition, which brings out such characters (the slash of ½).
_ENGLISH_SPELLING = str.maketrans(
    {
        "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "--", "―": "--", "−": "-",
        "…": "...", "¿": "?", "¡": "!", "⁄": "/", "×": "x",
        "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O",
        "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "ı": "i",
    }
)  # fmt: skip

_SPEAKABLE_SYMBOLS = frozenset("°§©®")  # of the category of emoji, but espeak has words for them
_INVISIBLE = frozenset({"Cc", "Cf"})


def collapse_whitespace(text: str) -> str:
    """Every run of whitespace becomes one space; none at the ends."""
    return " ".join(text.split())


def normalize(text: str) -> str:
    """Composed Unicode with plain apostrophes and spaces; invisible characters go."""
    composed = unicodedata.normalize("NFC", text).translate(_PLAIN)
    return "".join(
        char for char in composed if char.isspace() or unicodedata.category(char) not in _INVISIBLE
    )


def clean_english(text: str) -> tuple[str, set[str]]:
    """The published cleaning: ASCII spelling, lower case, abbreviations spelt out.

    Returns:
        The cleaned text, and the characters that were dropped since they have no English spelling.
    """
    decomposed = unicodedata.normalize("NFKD", normalize(text).translate(_ENGLISH_SPELLING))
    kept = []
    dropped = set()
    for char in decomposed.translate(_ENGLISH_SPELLING):
        if char.isascii() or char in _SPEAKABLE_SYMBOLS or unicodedata.category(char) in ("Sc", "Sm"):
            kept.append(char)
        elif unicodedata.category(char) != "Mn":  # accents go silently
            dropped.add(char)
    lowered = "".join(kept).lower()
    return _ABBREVIATION.sub(lambda match: ABBREVIATIONS[match[1]], lowered), dropped


def clean_other(text: str) -> tuple[str, set[str]]:
    """For most languages: the spelling stays, what is no writing (emoji, private characters) goes.

    Returns:
        The cleaned text, and the characters that were dropped.
    """
    kept = []
    dropped = set()
    for char in normalize(text):
        category = unicodedata.category(char)
        if category[0] in "LMNPZ" or category in ("Sc", "Sm") or char.isspace() or char in _SPEAKABLE_SYMBOLS:
            kept.append(char)
        else:
            dropped.add(char)
    return "".join(kept), dropped


def clean(text: str, language: str) -> tuple[str, set[str]]:
    """The cleaner of an espeak language code. Whitespace at the ends stays."""
    return (rules_of(language).clean or clean_other)(text)
