"""Languages: how each is read. A file each, or an entry point of the group `hiervox.languages`.

A language without one is read by espeak, its sentences are found by sentencex's rules, and its text is spoken
as it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hiervox.utils.registry import Registry, instances_of


@dataclass(frozen=True)
class Language:
    """How a language is read.

    Attributes:
        code: espeak's, such as `it`; `en` stands for `en-us` and `en-gb` too, unless these have their own.
        normalize: text without inline IPA, and the language's full code → the text as one reads it aloud:
            numbers, dates and abbreviations in words. By default it stays.
        clean: text → the text in characters that `phonemize` takes, and those that were dropped; by default
            `clean_other`.
        phonemize: cleaned text of one utterance, and the full code → IPA with stress and punctuation; by
            default espeak's.
        sentences: paragraph → its sentences, which together are the paragraph; by default sentencex's.
        abbreviations: in small letters without the last stop; a stop behind one never ends a sentence.
        longest_sentence: characters of an utterance at most; None for `sentences.LONGEST_SENTENCE`. Fewer for
            scripts whose characters are syllables or words.
        symbols: of its IPA; what of them the published table lacks, a vocabulary of the language has.
    """

    code: str
    normalize: Callable[[str, str], str] | None = None
    clean: Callable[[str], tuple[str, set[str]]] | None = None
    phonemize: Callable[[str, str], str] | None = None
    sentences: Callable[[str], Sequence[str]] | None = None
    abbreviations: frozenset[str] = frozenset()
    longest_sentence: int | None = None
    symbols: str = ""


LANGUAGES: Registry[Language] = Registry(
    "language",
    "hiervox.languages",
    "hiervox.processors.text.languages",
    "*.py",
    instances_of(Language),
    name_of=lambda language: language.code,
)


def rules_of(code: str) -> Language:
    """How a text of a language is read, by espeak's code; the general way where nothing is said of it."""
    for name in (code, code.split("-")[0]):
        if name in LANGUAGES:
            return LANGUAGES[name]
    return Language(code)
