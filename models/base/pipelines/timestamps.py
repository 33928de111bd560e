"""When each phoneme and each word of a spoken sentence begins and ends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.processors.text.symbols import PUNCTUATION, SILENT
from hiervox.utils.errors import ConfigError, TextError

STRESS = "ˈˌ"
"""Stands before its vowel; other symbols without sound stand behind theirs."""
_WORD = re.compile(r"(?:\[\[.*?\]\]|\S)+", re.DOTALL)
_IPA_WORD = re.compile(f"[^{re.escape(PUNCTUATION)}]+")


@dataclass(frozen=True)
class Timed:
    """Something that is said.

    Attributes:
        text: a word, or a phoneme with its stress and length.
        start, end: seconds.
    """

    text: str
    start: float
    end: float


def phoneme_times(synthesis: Synthesis, rate: int, begin: float = 0.0) -> list[list[Timed]]:
    """Phonemes of a sentence by the words of its IPA; a pause between words is of neither.

    Args:
        synthesis: of `tts_sentences`.
        rate: of its waveform, Hz.
        begin: of the sentence, seconds.

    Raises:
        ConfigError: the system does not know its durations.
    """
    sequence, durations = synthesis.sequence, synthesis.durations
    if durations is None:
        raise ConfigError("the model does not know when its phonemes begin", "leave the timestamps out")
    edges = _edges(synthesis, durations, rate, begin)
    places = _token_places(len(sequence.phonemes), len(sequence.tokens))
    words = []
    for word in _IPA_WORD.finditer(sequence.phonemes):
        starts = _phoneme_starts(word[0])
        ends = [*starts[1:], len(word[0])]
        phonemes = []
        for start, end in zip(starts, ends, strict=True):
            first, last = places[word.start() + start], places[word.start() + end - 1]
            behind = places[word.start() + end] if end < len(word[0]) else last + 1
            phonemes.append(Timed(word[0][start:end], float(edges[first]), float(edges[behind])))
        words.append(phonemes)
    return words


def spoken_words(text: str) -> list[str]:
    """The words of a sentence as it is spoken, of which `word_times` tells the times."""
    return [word for word in _WORD.findall(text) if any(map(str.isalnum, word))]


def pronouncing(
    read: Callable[[str, str | None], Iterable[TokenSequence]], language: str | None
) -> Callable[[str], str]:
    """A text → its IPA, for `word_times`.

    Args:
        read: of the pipeline that spoke.
        language: of the text; None for the model's own.
    """
    return lambda text: " ".join(sequence.phonemes for sequence in read(text, language))


def mark_times(synthesis: Synthesis, rate: int, begin: float = 0.0) -> list[Timed]:
    """Places that the text names, each as long as nothing; parameters as of `phoneme_times`."""
    if synthesis.durations is None:
        return []
    edges = _edges(synthesis, synthesis.durations, rate, begin)
    return [Timed(name, float(edges[token]), float(edges[token])) for name, token in synthesis.sequence.marks]


def _edges(synthesis: Synthesis, durations: Sequence[int], rate: int, begin: float) -> NDArray[np.float64]:
    """Where tokens begin and the last one ends (L + 1,), seconds."""
    edges = np.array([0, *accumulate(durations)]) / synthesis.frame_rate - synthesis.trimmed / rate
    shifted: NDArray[np.float64] = begin + edges.clip(0, synthesis.wav.size / rate)
    return shifted


def word_times(
    synthesis: Synthesis, phonemes: Sequence[Sequence[Timed]], pronounced: Callable[[str], str]
) -> list[Timed]:
    """Words of a sentence as it is spoken, its numbers in words.

    Where the IPA has more or fewer words than the text, as of "of the", each word of the text is pronounced
    alone, and those pronunciations are aligned with what is spoken.

    Args:
        synthesis: of `tts_sentences`.
        phonemes: as `phoneme_times` gives them.
        pronounced: a text → its IPA.

    Raises:
        TextError: a word can't be pronounced.
    """
    words = spoken_words(synthesis.sequence.text)
    if not words:
        return []
    groups: Sequence[Sequence[Timed]] = phonemes
    if len(words) != len(phonemes):
        flat = [timed for group in phonemes for timed in group]
        alone = [_IPA_WORD.findall(_pronounced(word, pronounced)) for word in words]
        units = [[unit for part in parts for unit in _units(part)] for parts in alone]
        groups = _distributed([timed.text for timed in flat], units, flat)
    times: list[Timed] = []
    for word, group in zip(words, groups, strict=True):
        at = times[-1].end if times else (phonemes[0][0].start if phonemes else 0.0)
        times.append(Timed(word, group[0].start if group else at, group[-1].end if group else at))
    return times


def _pronounced(word: str, pronounced: Callable[[str], str]) -> str:
    try:
        return pronounced(word)
    except TextError:  # a sign that is silent alone
        return ""


def _units(word: str) -> list[str]:
    starts = _phoneme_starts(word)
    return [word[start:end] for start, end in zip(starts, [*starts[1:], len(word)], strict=True)]


def _phoneme_starts(word: str) -> list[int]:
    """Where the phonemes of a word's IPA begin: stress goes with what follows, length with what precedes."""
    starts: list[int] = []
    stressed = False
    for place, symbol in enumerate(word):
        if symbol in STRESS:
            if not stressed:
                starts.append(place)
            stressed = True
        elif symbol not in SILENT:
            if not stressed:
                starts.append(place)
            stressed = False
    return starts if starts and starts[0] == 0 else [0, *starts]


def _token_places(symbols: int, tokens: int) -> list[int]:
    """The token of each symbol: those may have blanks between, or a symbol at either end."""
    if tokens == 2 * symbols + 1:
        return [2 * symbol + 1 for symbol in range(symbols)]
    return [symbol + (tokens - symbols) // 2 for symbol in range(symbols)]


def _distributed(
    spoken: Sequence[str], words: Sequence[Sequence[str]], timed: Sequence[Timed]
) -> list[list[Timed]]:
    """What is spoken of each word, by the alignment with the least edit distance."""
    written = [unit for word in words for unit in word]
    owners = [number for number, word in enumerate(words) for _ in word]
    costs = np.zeros((len(written) + 1, len(spoken) + 1), np.int32)
    costs[:, 0], costs[0] = range(len(written) + 1), range(len(spoken) + 1)
    for row, unit in enumerate(written, start=1):
        for column, other in enumerate(spoken, start=1):
            same = costs[row - 1, column - 1] + (unit.strip(STRESS) != other.strip(STRESS))
            costs[row, column] = min(same, costs[row - 1, column] + 1, costs[row, column - 1] + 1)
    groups: list[list[Timed]] = [[] for _ in words]
    row, column = len(written), len(spoken)
    while column:
        owner = owners[max(row - 1, 0)] if owners else 0
        unlike = row and written[row - 1].strip(STRESS) != spoken[column - 1].strip(STRESS)
        if row and costs[row, column] == costs[row - 1, column - 1] + bool(unlike):
            row, column = row - 1, column - 1
        elif row and costs[row, column] == costs[row - 1, column] + 1:
            row -= 1
            continue
        else:
            column -= 1
        groups[owner].insert(0, timed[column])
    return groups
