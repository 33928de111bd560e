"""Texts of any length in sentences, and long sentences in chunks that a model can speak."""

from __future__ import annotations

import bisect
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from sentencex import segment

from hiervox.processors.text.cleaners import clean
from hiervox.processors.text.languages import rules_of
from hiervox.utils.errors import ConfigError

LONGEST_SENTENCE = 200
"""Characters: the published text-to-vec model was trained on texts of up to 200 (its README)."""

INLINE_IPA = re.compile(r"\[\[[^\[\]]*\]\]")

_PARAGRAPH_END = re.compile(r"\r?\n[^\S\n]*\n\s*|[\u2029\f]\s*")
_SENTENCE_END = re.compile(rf"{_PARAGRAPH_END.pattern}|\n(?=[^\S\n]*[-*•‣–][^\S\n])")  # or a list has an item
_CLAUSE_END = re.compile(r"[,;:)\]–—…!?.][\"'”’)]*(?=\s)|\s(?=[(\[–—]|-{1,3}\s)|[，、；：。！？،؛।]")
_AFTER_SENTENCE = re.compile(r"[\"')\]”’]*(?:\s+[\"'(\[“‘]*[A-Z]|\s*\Z|\s*\n\s*\n)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NAMED_SIGNS = frozenset("%&@+$€£°±")  # espeak says their names in any language
_JOINER = "\u200d"
EARLIEST_CUT = 0.25  # of the limit; a cut at a clause end before it would leave a scrap
LONGEST_CLUSTER = 16  # letters and marks that are kept together


def sentence_limit(language: str) -> int:
    """Characters of an utterance of a language at most."""
    return rules_of(language).longest_sentence or LONGEST_SENTENCE


def split_sentences(text: str, limit: int = LONGEST_SENTENCE, language: str = "en-us") -> list[str]:
    """Cut a text at the ends of its sentences and paragraphs, and a sentence over the limit further.

    The further cuts are at ends of clauses, where there are none between words, and within a word only
    where it is longer than the limit. Nothing is left out or added but space around the cuts. Inline IPA
    (`[[…]]`) stays whole. What can't be spoken alone (a stray dash, emoji) stays with what is before it.
    These two alone may be longer than the limit.

    Args:
        text: any.
        limit: of characters.
        language: espeak's code; its rules tell an abbreviation's stop from a sentence's.

    Raises:
        ConfigError: the limit is less than 1.
    """
    return [text[start:end] for start, end in sentence_bounds(text, limit, language)]


def sentence_bounds(
    text: str, limit: int = LONGEST_SENTENCE, language: str = "en-us", whole: bool = False
) -> list[tuple[int, int]]:
    """Where `split_sentences` cuts: start and end of each chunk.

    Args:
        text, limit, language: as there.
        whole: take the text for one sentence, to be cut only where it is over the limit.

    Raises:
        ConfigError: the limit is less than 1.
    """
    if limit < 1:
        raise ConfigError(f"a limit of {limit} characters leaves no text", "take 1 or more")
    hidden = _hide_ipa(text)
    sentences = [(0, len(text))] if whole else _sentences(hidden, language)
    ipa = [match.span() for match in INLINE_IPA.finditer(text)]
    chunks = (chunk for start, end in sentences for chunk in _cut_long(hidden, start, end, limit, ipa))
    return _join_silent(text, chunks, language)


def ends_sentence(text: str, place: int) -> bool:
    """Whether the stop of an abbreviation, which ends before a place, is the stop of a sentence too."""
    return _AFTER_SENTENCE.match(text, place) is not None


def split_paragraphs(text: str) -> list[str]:
    """The text between blank lines; blank ones are left out."""
    bounds = _bounds_between(_PARAGRAPH_END, _hide_ipa(text))
    return [text[start:end] for start, end in bounds if text[start:end].strip()]


def speakable(text: str, language: str) -> bool:
    """Whether a text, cleaned for a language, has a letter, a digit, a sign with a name or inline IPA."""
    return "[[" in text or any(char.isalnum() or char in _NAMED_SIGNS for char in clean(text, language)[0])


def _hide_ipa(text: str) -> str:
    """The text, as long as it was, with a word in each place of inline IPA and of what no library takes."""
    text = INLINE_IPA.sub(lambda match: "x" * len(match[0]), text)
    return _SURROGATE.sub("\ufffd", text)


def _bounds_between(separator: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in separator.finditer(text):
        yield start, match.start()
        start = match.end()
    yield start, len(text)


def _sentences(text: str, language: str) -> Iterator[tuple[int, int]]:
    own = rules_of(language)
    divide = own.sentences or partial(segment, language.split("-")[0])
    for start, end in _bounds_between(_SENTENCE_END, text):
        paragraph = text[start:end]
        sentences = _join_abbreviated(divide(paragraph), own.abbreviations)
        if "".join(sentences) != paragraph:  # none of them may leave anything out
            sentences = [paragraph]
        for sentence in sentences:
            yield start, start + len(sentence)
            start += len(sentence)


def _join_abbreviated(sentences: Iterable[str], abbreviations: frozenset[str]) -> list[str]:
    """Sentences, where one that ends in an abbreviation goes on with the next."""
    joined: list[str] = []
    for sentence in sentences:
        words = joined[-1].split() if joined else []
        if words and words[-1].endswith(".") and words[-1][:-1].lstrip("([\"'«“‘").lower() in abbreviations:
            joined[-1] += sentence
        else:
            joined.append(sentence)
    return joined


def _cut_long(
    text: str, start: int, end: int, limit: int, ipa: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Parts of one sentence, none over the limit, about equally long; no space around them."""
    start, end = _stripped(text, start, end)
    while end - start > limit:
        target = start + (end - start) // math.ceil((end - start) / limit)
        cut = _best_cut(text, start, target, start + limit)
        if cut is None:
            cut = _cut_in_word(text, start, target, ipa)
        yield _stripped(text, start, cut)
        start, _ = _stripped(text, cut, end)
    if start < end:
        yield start, end


def _best_cut(text: str, start: int, target: int, latest: int) -> int | None:
    """The end of a clause or else of a word that is nearest to the target; None within a long word."""
    earliest = start + int(EARLIEST_CUT * (latest - start))
    clauses = (match.end() for match in _CLAUSE_END.finditer(text, earliest, latest + 1))
    cuts = [cut for cut in clauses if start < cut <= latest]
    if not cuts:
        cuts = [place for place in range(start + 1, latest + 1) if text[place].isspace()]
    return min(cuts, key=lambda cut: abs(cut - target), default=None)


def _cut_in_word(text: str, start: int, target: int, ipa: Sequence[tuple[int, int]]) -> int:
    """At the target or before it: neither in inline IPA nor between a letter and its marks."""
    nearest = bisect.bisect_right(ipa, (target, 0)) - 1
    if nearest >= 0 and ipa[nearest][0] < target < ipa[nearest][1]:
        first, last = ipa[nearest]
        return first if first > start else last
    for cut in range(target, max(start, target - LONGEST_CLUSTER), -1):
        if not unicodedata.combining(text[cut]) and _JOINER not in text[cut - 1 : cut + 1]:
            return cut
    return target


def _join_silent(text: str, chunks: Iterable[tuple[int, int]], language: str) -> list[tuple[int, int]]:
    """Let what can't be spoken be part of the chunk before it, and at the beginning of the one after it."""
    joined: list[tuple[int, int]] = []
    voiced = False  # in the last of them
    for start, end in chunks:
        sounds = speakable(text[start:end], language)
        if joined and not (voiced and sounds):
            joined[-1] = (joined[-1][0], end)
            voiced = voiced or sounds
        else:
            joined.append((start, end))
            voiced = sounds
    return joined


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
