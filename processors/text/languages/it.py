"""Italian: abbreviations in words, whose stops end no sentence."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import partial
from string import ascii_lowercase

from hiervox.processors.text.languages import Language

_TITLES = {
    "dott": "dottor", "dott.ssa": "dottoressa", "dr": "dottor", "dr.ssa": "dottoressa", "sig": "signor",
    "sig.ra": "signora", "sig.na": "signorina", "sigg": "signori", "prof": "professor",
    "prof.ssa": "professoressa", "avv": "avvocato", "ing": "ingegner", "arch": "architetto",
    "geom": "geometra", "rag": "ragionier", "on": "onorevole", "sen": "senatore", "mons": "monsignor",
    "gen": "generale", "col": "colonnello", "cap": "capitano", "ten": "tenente",
    "egr": "egregio", "spett": "spettabile",
}  # fmt: skip
_BEFORE_NUMBERS = {
    "pag": "pagina", "pagg": "pagine", "art": "articolo", "artt": "articoli", "cap": "capitolo",
    "vol": "volume", "fig": "figura", "tab": "tabella", "n": "numero", "nr": "numero", "tel": "telefono",
}  # fmt: skip
_ANYWHERE = {"ad es": "ad esempio", "p.es": "per esempio", "cfr": "confronta", "ca": "circa"}


def _any_of(words: Collection[str], before: str = "") -> re.Pattern[str]:
    """Abbreviations with their stops, before what follows them; `dott.ssa` has its stop within."""
    whole = sorted((word for word in words if "." in word), key=len, reverse=True)
    cut = sorted((word for word in words if "." not in word), key=len, reverse=True)
    either = [rf"(?P<whole>{'|'.join(map(re.escape, whole))})\b\.?"] if whole else []
    either.append(rf"(?P<cut>{'|'.join(map(re.escape, cut))})\.")
    return re.compile(rf"\b(?:{'|'.join(either)}){before}", re.IGNORECASE)


_TITLE = _any_of(_TITLES, r"(?=\s+(?:(?-i:[A-ZÀ-Ý])|(?:sig|dott|prof|avv|ing|arch)\b))")
_NUMBER = _any_of(_BEFORE_NUMBERS, r"(?=\s*(?:[0-9]|(?-i:[IVXLC]+\b)))")
_OTHER = _any_of(_ANYWHERE)


def normalize(text: str, language: str) -> str:
    """`dott. Rossi` as `dottor Rossi`, `pag. 5` as `pagina 5`; espeak reads the numbers."""
    for pattern, spoken in ((_NUMBER, _BEFORE_NUMBERS), (_TITLE, _TITLES), (_OTHER, _ANYWHERE)):
        text = pattern.sub(partial(_in_words, spoken), text)
    return text


def _in_words(spoken: Mapping[str, str], match: re.Match[str]) -> str:
    written = next(word for word in match.groups() if word)
    words = spoken[written.lower()]
    return words[0].upper() + words[1:] if written[0].isupper() else words


LANGUAGE = Language(
    "it",
    normalize=normalize,
    abbreviations=frozenset(
        (
            *(word for word in (*_TITLES, *_BEFORE_NUMBERS) if "." not in word),
            *(words.split()[-1] for words in _ANYWHERE),
            *ascii_lowercase,  # initials
        )
    ),
)
