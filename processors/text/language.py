"""A guess at the language of a text, good enough to warn of a wrong one."""

from __future__ import annotations

import re
from collections import Counter

LEAST_WORDS = 4
"""Frequent words of another language, before anyone is told."""
LOOKED_AT = 5000  # characters

_FREQUENT = {
    "en": "the of and to in is that it was for with as his they at this have from by not but are you which",
    "de": "der die das und ist nicht ein eine ich mit sich auf für auch dem den von wird sind wir aber noch",
    "fr": "le la les et est une un des pour que qui dans il elle nous vous pas sur avec je ce cette sont",
    "es": "el la los las y es una un que de en por para con no su se lo como pero más este está son",
    "it": "il la che di è un una per non con sono del della gli le anche come ma questo nel più ha",
    "pt": "o a os as e é um uma que de em por para com não se do da mais como mas foi ao são",
    "nl": "de het een en van is dat niet op te in met voor zijn aan er maar ook als ik wij worden",
    "pl": "i w na z że się nie do jest to jak o co po tak ale dla przez od za czy był",
    "sv": "och att det som en på är av för med den till inte har de ett om men var jag från",
}
_WORDS = {code: frozenset(words.split()) for code, words in _FREQUENT.items()}
_WORD = re.compile(r"[^\W\d_]+")


def other_language(text: str, language: str) -> str | None:
    """The code of the language that a text seems to be in, if that is not the one it is to be spoken in.

    Args:
        text: its first part is looked at.
        language: espeak's code, such as `en-us`.
    """
    own = language.split("-")[0]
    words = Counter(_WORD.findall(text[:LOOKED_AT].lower()))
    found = {code: sum(words[word] for word in frequent) for code, frequent in _WORDS.items()}
    likely = max(found, key=lambda code: found[code])
    if own not in found or likely == own or found[likely] < LEAST_WORDS:
        return None
    return likely if found[likely] > 2 * found[own] + 1 else None
