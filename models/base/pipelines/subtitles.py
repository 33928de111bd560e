"""What is said when: sentences and words with their places in the text, as SRT, WebVTT and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from html import escape

from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.timestamps import Timed, mark_times, phoneme_times, word_times
from hiervox.processors.text.script import VOICE_LINE
from hiervox.utils.errors import ConfigError

SUFFIXES = (".srt", ".vtt", ".json")
LONGEST_LINE, LINES = 42, 2
"""Characters of a line and lines of a cue, as subtitles have them by custom."""
LONGEST_CUE = 7.0
"""Seconds."""
_WORD = re.compile(r"[^\s<>]*\w[^\s<>]*")
_TAG = re.compile(r"<[^>]*>|\[\[.*?\]\]", re.DOTALL)
_LETTERS = re.compile(r"\W+")


@dataclass(frozen=True)
class SentenceTimes:
    """A sentence of a text that was spoken.

    Attributes:
        text: normalised, as it is spoken.
        start, end: seconds, the pause behind it left out.
        words, phonemes: in order; none where the model does not know its durations.
        marks: those of SSML.
    """

    text: str
    start: float
    end: float
    words: tuple[Timed, ...] = ()
    phonemes: tuple[Timed, ...] = ()
    marks: tuple[Timed, ...] = ()


@dataclass(frozen=True)
class PlacedWord:
    """A word and where it stands in the text that was given.

    Attributes:
        text: as it is spoken.
        start, end: seconds.
        offset, length: characters of the text; several words share a place that is spoken as several.
    """

    text: str
    start: float
    end: float
    offset: int
    length: int


@dataclass(frozen=True)
class Cue:
    """What is shown for a while.

    Attributes:
        start, end: seconds.
        text: of up to `LINES` lines.
    """

    start: float
    end: float
    text: str


def times_of(
    synthesis: Synthesis, rate: int, begin: float, pronounced: Callable[[str], str]
) -> SentenceTimes:
    """When a sentence, its words and its phonemes are said.

    Args:
        synthesis: of `tts_sentences`.
        rate: of its waveform, Hz.
        begin: of the sentence, seconds.
        pronounced: a text → its IPA.
    """
    end, text = begin + synthesis.wav.size / rate, synthesis.sequence.text
    if synthesis.durations is None:
        return SentenceTimes(text, begin, end)
    groups = phoneme_times(synthesis, rate, begin)
    words = tuple(word_times(synthesis, groups, pronounced))
    phonemes = tuple(phoneme for group in groups for phoneme in group)
    marks = tuple(mark_times(synthesis, rate, begin))
    return SentenceTimes(text, begin, max((word.end for word in words), default=end), words, phonemes, marks)


def placed_words(sentences: Sequence[SentenceTimes], source: str) -> list[PlacedWord]:
    """Words with their places in the text that they were read from.

    Args:
        sentences: of the whole text.
        source: plain or SSML, as it was given.
    """
    said = [word for sentence in sentences for word in sentence.words]
    places = word_places([word.text for word in said], source)
    return [
        PlacedWord(word.text, word.start, word.end, *place) for word, place in zip(said, places, strict=True)
    ]


def word_places(said: Sequence[str], source: str) -> list[tuple[int, int]]:
    """Offset and length of the words of a text, in characters.

    What is written as it is spoken is found by itself; what is not, such as numbers, is where the words
    before and behind it leave room.

    Args:
        said: all its words, as they are spoken.
        source: plain or SSML, as it was given.
    """
    plain = VOICE_LINE.sub(_blank, _TAG.sub(_blank, source))
    written = [match.span() for match in _WORD.finditer(plain)]
    if not written:
        return [(0, len(source))] * len(said)
    ours = [_bare(word) for word in said]
    theirs = [_bare(plain[start:end]) for start, end in written]
    places: list[tuple[int, int]] = []
    for kind, begin, end, first, last in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind == "equal" or (kind == "replace" and end - begin == last - first):
            places += written[first:last]
        elif kind in ("replace", "delete"):
            if last == first:  # said, and not written: with the word before
                first = max(first - 1, 0)
                last = first + 1
            places += [(written[first][0], written[last - 1][1])] * (end - begin)
    return [(start, end - start) for start, end in places]


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _bare(word: str) -> str:
    return _LETTERS.sub("", word).casefold()


def cues_of(sentences: Sequence[SentenceTimes], source: str, marked_up: bool = False) -> list[Cue]:
    """What is shown of a text: parts of its sentences, or sentences where no words are known.

    Args:
        sentences: of the whole text.
        source: as it was given.
        marked_up: whether it is SSML, of which the words are shown as they are spoken.
    """
    words = iter(placed_words(sentences, source))
    cues = []
    for sentence in sentences:
        own = [next(words) for _ in sentence.words]
        if not own:
            cues.append(Cue(sentence.start, sentence.end, _wrapped(sentence.text)))
        for group in _groups(own):
            if marked_up:
                shown = " ".join(word.text for word in group)
            else:
                shown = _shown(source, group[0].offset, group[-1].offset + group[-1].length)
            cues.append(Cue(group[0].start, group[-1].end, _wrapped(shown)))
    return cues


def _shown(source: str, start: int, end: int) -> str:
    return " ".join(_TAG.sub(" ", source[start:end]).split())


def _groups(words: Sequence[PlacedWord]) -> Iterable[list[PlacedWord]]:
    """Words of a sentence that are shown together."""
    group: list[PlacedWord] = []
    for word in words:
        if group:
            length = word.offset + word.length - group[0].offset
            is_long = length > LINES * LONGEST_LINE or word.end - group[0].start > LONGEST_CUE
            if is_long and word.offset != group[-1].offset:
                yield group
                group = []
        group.append(word)
    if group:
        yield group


def _wrapped(text: str) -> str:
    if len(text) <= LONGEST_LINE:
        return text
    spaces = [place for place, char in enumerate(text) if char == " "]
    middle = min(spaces, key=lambda place: abs(place - len(text) / 2), default=None)
    return text if middle is None else f"{text[:middle]}\n{text[middle + 1 :]}"


def subtitles(suffix: str, sentences: Sequence[SentenceTimes], source: str, marked_up: bool = False) -> str:
    """A file of subtitles.

    Args:
        suffix: one of `SUFFIXES`.
        sentences, source, marked_up: as for `cues_of`.

    Raises:
        ConfigError: another suffix.
    """
    if suffix == ".json":
        return _json(sentences, source)
    if suffix not in SUFFIXES:
        raise ConfigError(f"no subtitles are called {suffix!r}", f"name a file {', '.join(SUFFIXES)}")
    cues = cues_of(sentences, source, marked_up)
    if suffix == ".srt":
        return "\n".join(
            f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{cue.text}\n"
            for number, cue in enumerate(cues, start=1)
        )
    shown = [
        f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{escape(cue.text, quote=False)}\n"
        for cue in cues
    ]
    return "\n".join(["WEBVTT\n", *shown])


def _json(sentences: Sequence[SentenceTimes], source: str) -> str:
    words = iter(placed_words(sentences, source))
    told = []
    for sentence in sentences:
        fields = {**asdict(sentence), "words": [asdict(next(words)) for _ in sentence.words]}
        told.append({name: _rounded(value) for name, value in fields.items()})
    return json.dumps({"text": source, "sentences": told}, ensure_ascii=False, indent=1) + "\n"


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list | tuple) else value


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(max(seconds, 0.0) * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}{point}{rest % 1000:03d}"


_ARROW = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{1,3})")


def read_cues(content: str, name: str) -> list[Cue]:
    """The cues of an SRT or WebVTT file, in order.

    Args:
        content: of the file.
        name: what errors call it.

    Raises:
        ConfigError: it has none, or one whose times can't be read.
    """
    cues: list[Cue] = []
    for block in re.split(r"\n\s*\n", content.replace("\r\n", "\n").strip("\ufeff\n ")):
        lines = block.split("\n")
        timed = next((number for number, line in enumerate(lines) if "-->" in line), None)
        if timed is None:
            continue
        text = " ".join(_TAG.sub("", " ".join(lines[timed + 1 :])).split())
        found = _ARROW.findall(lines[timed])
        if len(found) < 2:
            raise ConfigError(
                f"{name}: {lines[timed]!r} names no two times", "write 00:00:01,000 --> 00:00:02,500"
            )
        start, end = (
            int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int(part.ljust(3, "0")) / 1000
            for hours, minutes, seconds, part in found[:2]
        )
        if end <= start or (cues and start < cues[-1].start):
            raise ConfigError(f"{name}: {lines[timed]!r} goes back in time", "put the cues in order")
        if text:
            cues.append(Cue(start, end, text))
    if not cues:
        raise ConfigError(f"{name} holds no cue", "write 00:00:01,000 --> 00:00:02,500 and a text below")
    return cues
