"""From a text or SSML of any length to the utterances that a model speaks one by one."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from itertools import accumulate

from hiervox.processors.text.language import other_language
from hiervox.processors.text.markup import PARAGRAPH_PAUSE, Block, Segment, is_markup, read_markup
from hiervox.processors.text.normalization import normalize_text
from hiervox.processors.text.sentences import (
    INLINE_IPA,
    LONGEST_SENTENCE,
    sentence_bounds,
    sentence_limit,
    speakable,
    split_paragraphs,
)
from hiervox.processors.text.typography import collapse_runs, mark_pauses, markup_kinds, read_links
from hiervox.utils.errors import TextError
from hiervox.utils.logging import get_logger

LONGEST_IPA = 2 * LONGEST_SENTENCE
"""Symbols of inline IPA, which is never cut; a sentence of 200 letters has about as many with its stress."""

_log = get_logger("text")

_SPACES = re.compile(r"\s+")
VOICE_LINE = re.compile(r"^[ \t]*\[voice:[ \t]*([^\]\n]*?)[ \t]*\]", re.MULTILINE | re.IGNORECASE)
"""Names the voice that speaks from there on; without a name, that of the text."""


@dataclass(frozen=True)
class Span:
    """Words that are spoken alike.

    Attributes:
        text: normalised; may hold inline IPA (`[[…]]`), begins or ends with a space where a word does.
        rate: factor of the speed; 2 is twice as fast.
        semitones: shift of the pitch.
        pitch_range: factor of the range of the pitch; 0 is monotonous.
        language: espeak's code; None for that of the text.
        marks: names of the places at its beginning.
    """

    text: str
    rate: float = 1.0
    semitones: float = 0.0
    pitch_range: float = 1.0
    language: str | None = None
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Utterance:
    """What is spoken at one go.

    Attributes:
        spans: at least one; each holds something to speak.
        pause_after: seconds; None is what the model does after such an ending.
        voice: its name; None for the voice of the text.
    """

    spans: tuple[Span, ...]
    pause_after: float | None = None
    voice: str | None = None

    @property
    def text(self) -> str:
        """The plain text."""
        return "".join(span.text for span in self.spans)


def read_script(text: str, language: str = "en-us", limit: int | None = None) -> list[Utterance]:
    """Normalise a text and cut it into utterances.

    A text that starts with `<speak` is read as SSML (`hiervox.processors.text.markup`), any other is plain: a
    blank line ends a paragraph, after which there is a longer pause, and a line that begins with
    `[voice: NAME]` has that voice speak from there on, `[voice:]` that of the text.

    Args:
        text: any length.
        language: espeak's code.
        limit: of an utterance, in characters (`hiervox.processors.text.sentences.split_sentences`); by
            default the language's.

    Raises:
        TextError: nothing to speak, or SSML that is not understood.
        ConfigError: the limit is less than 1.
    """
    check_text(text)
    marked_up = is_markup(text)
    if marked_up:
        blocks = read_markup(text, language)
    else:
        parts = _voice_parts(text)
        text = "\n".join(part for _, part in parts)
        _warn_of_markup(text)
        blocks = _blocks(parts)
    _warn_of_language(text, language)
    utterances = _all_utterances(blocks, language, limit)
    if not utterances or not speakable(utterances[0].text, language):
        raise TextError("nothing to speak", f"write words in {language}")
    return utterances


def plain_utterances(text: str, language: str = "en-us", limit: int | None = None) -> list[Utterance]:
    """`read_script` of a plain text, of which nothing is checked and nothing logged; may be empty."""
    return _all_utterances(_blocks(_voice_parts(text)), language, limit)


def check_text(text: str) -> None:
    """Refuse what no front end can read.

    Raises:
        TextError: half characters, as of a text that was not UTF-8; or inline IPA longer than a sentence.
    """
    half = next((char for char in text if "\ud800" <= char <= "\udfff"), None)
    if half is not None:
        raise TextError(f"the text holds half a character (U+{ord(half):04X})", "save it as UTF-8 anew")
    for ipa in INLINE_IPA.finditer(text):
        if len(ipa[0]) > LONGEST_IPA:
            raise TextError(
                f"the inline IPA {ipa[0][:20]}… has {len(ipa[0])} symbols",
                f"use at most {LONGEST_IPA} in one place",
            )


def _warn_of_markup(text: str) -> None:
    for kind in markup_kinds(text):
        _log.warning("the text seems to hold %s, which is read aloud as it stands: take it out", kind)


def _warn_of_language(text: str, language: str) -> None:
    other = other_language(text, language)
    if other is not None:
        _log.warning("the text seems to be in %s, and is spoken as %s: see --language", other, language)


def _voice_parts(text: str) -> list[tuple[str | None, str]]:
    """A plain text by the voices that its lines name, its links read; None for that of the text."""
    first, *others = VOICE_LINE.split(text)
    named = zip(others[::2], others[1::2], strict=True)
    parts: list[tuple[str | None, str]] = [(None, first), *((name or None, part) for name, part in named)]
    return [(name, read_links(part)) for name, part in parts if part.strip()]


def _blocks(parts: list[tuple[str | None, str]]) -> list[Block]:
    return [replace(block, voice=name) for name, part in parts for block in _paragraphs(part)]


def _paragraphs(text: str) -> list[Block]:
    paragraphs = split_paragraphs(text)
    blocks = [Block((Segment(paragraph),), pause_after=PARAGRAPH_PAUSE) for paragraph in paragraphs]
    return [*blocks[:-1], *(replace(block, pause_after=None) for block in blocks[-1:])]


def _all_utterances(blocks: list[Block], language: str, limit: int | None) -> list[Utterance]:
    limit = sentence_limit(language) if limit is None else limit
    return _join_silent([each for block in blocks for each in _utterances(block, language, limit)], language)


def _utterances(block: Block, language: str, limit: int) -> list[Utterance]:
    """The sentences of a block; its pause is that of the last one."""
    texts = [
        segment.text if segment.literal else _spoken_form(segment.text, segment.language or language)
        for segment in block.segments
    ]
    ends = list(accumulate(map(len, texts)))
    text = "".join(texts)
    utterances = []
    for start, end in sentence_bounds(text, limit, language, block.whole):
        spans = [
            Span(
                text[max(start, end_ - len(part)) : min(end, end_)],
                **asdict(segment.prosody),
                language=segment.language,
                marks=segment.marks if start <= end_ - len(part) < end else (),
            )
            for segment, part, end_ in zip(block.segments, texts, ends, strict=True)
        ]
        utterances.append(Utterance(_tidy(spans, language), voice=block.voice))
    if utterances:
        utterances[-1] = replace(utterances[-1], pause_after=block.pause_after)
    return utterances


def _spoken_form(text: str, language: str) -> str:
    """A segment in words, with marks where the voice pauses; inline IPA stays as it is."""
    normalized = normalize_text(collapse_runs(text), language)
    parts, place = [], 0
    for ipa in INLINE_IPA.finditer(normalized):
        parts += [mark_pauses(normalized[place : ipa.start()]), ipa[0]]
        place = ipa.end()
    return "".join((*parts, mark_pauses(normalized[place:])))


def _tidy(spans: list[Span], language: str) -> tuple[Span, ...]:
    """Single spaces, none at the ends; what is spoken alike, or not at all, is part of the span before it."""
    tidy: list[Span] = []
    voiced = False  # in the last of them
    space = True  # the text so far ends with one
    marks: tuple[str, ...] = ()  # of spans without text
    for span in spans:
        text = _SPACES.sub(" ", span.text)
        text = text[1:] if space and text.startswith(" ") else text
        if not text:
            marks += span.marks
            continue
        span, marks = replace(span, marks=marks + span.marks), ()
        space = text.endswith(" ")
        sounds = speakable(text, span.language or language)
        is_alike = tidy and replace(span, text="") == replace(tidy[-1], text="", marks=())
        if tidy and (is_alike or (not sounds and not span.marks)):
            tidy[-1] = replace(tidy[-1], text=tidy[-1].text + text)
            voiced = voiced or sounds
        elif tidy and not voiced:
            tidy[-1] = replace(span, text=tidy[-1].text + text, marks=tidy[-1].marks + span.marks)
            voiced = sounds
        else:
            tidy.append(replace(span, text=text))
            voiced = sounds
    if tidy:
        tidy[-1] = replace(tidy[-1], text=tidy[-1].text.rstrip())
    return tuple(tidy)


def _join_silent(utterances: list[Utterance], language: str) -> list[Utterance]:
    """Let what can't be spoken be part of its neighbour; their pauses add up."""
    joined: list[Utterance] = []
    voiced = False  # in the last of them
    for utterance in utterances:
        sounds = speakable(utterance.text, language)
        if joined and not (voiced and sounds):
            before = joined[-1]
            spans = _tidy([*before.spans, Span(" "), *utterance.spans], language)
            name = before.voice if voiced else utterance.voice
            joined[-1] = Utterance(spans, _sum(before.pause_after, utterance.pause_after), name)
            voiced = voiced or sounds
        else:
            joined.append(utterance)
            voiced = sounds
    return joined


def _sum(first: float | None, second: float | None) -> float | None:
    return second if first is None else first if second is None else first + second
