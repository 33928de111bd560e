"""A subset of SSML 1.1 (https://www.w3.org/TR/speech-synthesis11/) read into segments of text."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NoReturn
from xml.parsers import expat

from hiervox.processors.text.say_as import KINDS, say_as
from hiervox.utils.errors import TextError

PARAGRAPH_PAUSE = 0.8  # seconds, after a paragraph that another one follows
LONGEST_PAUSE = 60.0  # seconds
LONGEST_PHONEME = 300  # symbols; it is spoken in one go
PAUSES = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.7, "x-strong": 1.2}  # seconds
RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.75}
SEMITONES = {"x-low": -6.0, "low": -3.0, "medium": 0.0, "default": 0.0, "high": 3.0, "x-high": 6.0}
RANGES = {"x-low": 0.0, "low": 0.5, "medium": 1.0, "default": 1.0, "high": 1.5, "x-high": 2.0}
"""The words of SSML; how much each is, SSML leaves to the system."""
EMPHASIS = {
    "strong": (0.85, 2.0, 1.3),
    "moderate": (0.92, 1.0, 1.15),
    "none": (1.0, 0.0, 1.0),
    "reduced": (1.1, -1.0, 0.85),
}
"""Likewise: factor of the speed, semitones, factor of the range."""
RATE_BOUNDS, SEMITONE_BOUNDS, RANGE_BOUNDS = (0.1, 10.0), (-24.0, 24.0), (0.0, 5.0)

NAMESPACE = "http://www.w3.org/2001/10/synthesis"
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "speak": ("version", "xml:lang", "xmlns"),
    "p": (),
    "s": (),
    "break": ("time", "strength"),
    "prosody": ("rate", "pitch", "range"),
    "phoneme": ("alphabet", "ph"),
    "sub": ("alias",),
    "say-as": ("interpret-as", "format", "detail"),
    "emphasis": ("level",),
    "lang": ("xml:lang",),
    "voice": ("name",),
    "mark": ("name",),
}
_REQUIRED = {
    "phoneme": ("alphabet", "ph"),
    "sub": ("alias",),
    "say-as": ("interpret-as",),
    "lang": ("xml:lang",),
    "voice": ("name",),
    "mark": ("name",),
}
_TEXT_ONLY = frozenset(("phoneme", "sub", "say-as"))
_EMPTY = frozenset(("break", "mark"))
_VERSIONS = ("1.0", "1.1")

_BEGINNING = re.compile(r"\ufeff?\s*<(?:(?:\w+:)?speak(?=[\s/>])|\?xml\b|!DOCTYPE\b|!--)", re.IGNORECASE)
_SECONDS = re.compile(r"\+?([0-9]+(?:\.[0-9]+)?|\.[0-9]+)(ms|s)")
_FACTOR = re.compile(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)(%?)|([+-][0-9]+(?:\.[0-9]+)?)%")
_PITCH = re.compile(r"([+-][0-9]+(?:\.[0-9]+)?)(st|%)")


@dataclass(frozen=True)
class Prosody:
    """How a segment is spoken.

    Attributes:
        rate: factor of the speed; 2 is twice as fast.
        semitones: shift of the pitch.
        pitch_range: factor of the range of the pitch.
    """

    rate: float = 1.0
    semitones: float = 0.0
    pitch_range: float = 1.0


@dataclass(frozen=True)
class Segment:
    """Text that is spoken alike.

    Attributes:
        text: as it was written.
        prosody: how it is spoken.
        literal: whether it is inline IPA, to be left as it is.
        language: espeak's code; None for that of the text.
        marks: names of places before it.
    """

    text: str
    prosody: Prosody = Prosody()
    literal: bool = False
    language: str | None = None
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """Text between two places where the voice stops.

    Attributes:
        segments: its text; adjoining ones may be parts of one word.
        whole: it is one sentence.
        pause_after: seconds; None is what the model does after such an ending.
        voice: its name; None for the voice of the text.
    """

    segments: tuple[Segment, ...]
    whole: bool = False
    pause_after: float | None = None
    voice: str | None = None


def is_markup(text: str) -> bool:
    """Whether a text is meant as SSML: `<speak` or what may stand before it in XML comes first."""
    return _BEGINNING.match(text) is not None


def read_markup(text: str, language: str) -> list[Block]:
    """The blocks of an SSML document.

    Tags and their attributes are those of `ATTRIBUTES`. Nested rates and ranges multiply, nested pitches
    add up. A break ends its sentence; breaks that follow each other add up.

    Args:
        text: the document.
        language: espeak's code; `xml:lang` may not name another.

    Raises:
        TextError: no well-formed XML, a document type, or a tag, attribute or value that is not of the
            subset. It names the tag and its line and column.
    """
    return _Reader(language).read(text)


class _Reader:
    """Takes the parser's events, and keeps the blocks that are done and the one that is being read."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.ProcessingInstructionHandler = self._instruction
        self._tags: list[str] = []
        self._prosody = [Prosody()]
        self._replaced: Segment | None = None  # what is spoken instead of the text of a phoneme or sub
        self._said_as: tuple[str, str] | None = None  # of a say-as, whose text is gathered
        self._languages: list[str | None] = [None]
        self._voices: list[str | None] = [None]
        self._marks: list[str] = []  # behind all that was said
        self._stretches: list[Segment] = []
        self._blocks: list[Block] = []
        self._spelt: list[str] = []
        self._break_last = False  # nothing was said since the last break
        self._paragraph_last = False  # nor since the last paragraph
        self._lines_before = 0

    def read(self, text: str) -> list[Block]:
        document = text.lstrip("\ufeff \t\r\n")
        self._lines_before = text[: len(text) - len(document)].count("\n")
        try:
            self._parser.Parse(document, True)
        except expat.ExpatError as error:
            self._refuse(
                f"the SSML is not well-formed XML ({expat.ErrorString(error.code)})",
                "close every tag, and write &amp; for & and &lt; for <",
                (error.lineno, error.offset),
            )
        except UnicodeEncodeError as error:
            raise TextError(
                f"the SSML holds half a character (U+{ord(text[error.start]):04X})", "save it as UTF-8 anew"
            ) from None
        self._close_block()
        if self._marks:
            raise TextError(f"<mark> {self._marks[0]!r} stands behind all text", "put it before words")
        return self._blocks

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        parent = self._tags[-1] if self._tags else None
        if tag not in ATTRIBUTES:
            self._refuse(f"<{tag}> is not of the SSML that is understood", f"use {_listed(ATTRIBUTES)}")
        for name in attributes:
            if name not in ATTRIBUTES[tag]:
                allowed = _listed(ATTRIBUTES[tag])
                self._refuse(f"<{tag}> takes no attribute {name!r}", f"it takes {allowed or 'none'}")
        for name in _REQUIRED.get(tag, ()):
            if not attributes.get(name, "").strip():
                self._refuse(f"<{tag}> lacks its attribute {name!r}", f"give it {_listed(_REQUIRED[tag])}")
        if parent in _TEXT_ONLY or parent in _EMPTY:
            self._refuse(
                f"<{tag}> stands in <{parent}>",
                f"<{parent}> holds {'nothing' if parent in _EMPTY else 'text'}",
            )
        if (tag == "speak") != (parent is None):
            where = "within another tag" if parent else "outside <speak>"
            self._refuse(f"<{tag}> stands {where}", "<speak> is the outermost tag, and only that")
        if (tag == "p" and {"p", "s"} & set(self._tags)) or (tag == "s" and "s" in self._tags):
            self._refuse(f"<{tag}> stands in a <p> or <s> that it can't be part of", "close that first")
        self._tags.append(tag)
        if tag == "speak":
            self._check_root(attributes)
        elif tag in ("p", "s"):
            self._close_block()
        elif tag == "break":
            self._break(attributes)
        elif tag == "prosody":
            self._prosody.append(self._nested(attributes))
        elif tag == "emphasis":
            self._prosody.append(self._emphasis(attributes.get("level", "moderate")))
        elif tag == "lang":
            self._languages.append(self._other_language(attributes["xml:lang"].strip()))
        elif tag == "voice":
            self._close_block(whole="s" in self._tags)
            self._voices.append(attributes["name"].strip())
        elif tag == "mark":
            self._marks.append(attributes["name"].strip())
        elif tag == "say-as":
            self._begin_say_as(attributes)
        elif tag == "phoneme":
            self._replaced = self._phoneme(attributes)
        else:
            self._replaced = self._segment(attributes["alias"])

    def _end(self, tag: str) -> None:
        self._tags.pop()
        if tag in ("prosody", "emphasis"):
            self._prosody.pop()
        elif tag == "lang":
            self._languages.pop()
        elif tag == "voice":
            self._close_block(whole="s" in self._tags)
            self._voices.pop()
        elif tag == "say-as":
            self._end_say_as()
        elif tag in _TEXT_ONLY and self._replaced is not None:
            self._say(self._replaced)
            self._replaced = None
        elif tag == "s":
            self._close_block(whole=True)
        elif tag == "p":
            self._close_block()
            self._paragraph_last = True

    def _text(self, text: str) -> None:
        if self._tags[-1] in _EMPTY and text.strip():
            self._refuse(f"<{self._tags[-1]}> holds text", f"write <{self._tags[-1]}/>")
        if self._said_as is not None:
            self._spelt.append(text)
        elif self._replaced is None:
            self._say(self._segment(re.sub(r"\s+", " ", text)))

    def _segment(self, text: str, literal: bool = False) -> Segment:
        return Segment(text, self._prosody[-1], literal, self._languages[-1])

    def _say(self, segment: Segment) -> None:
        if self._marks and segment.text.strip():
            text = segment.text.lstrip()
            self._stretches.append(replace(segment, text=segment.text[: -len(text)]))
            segment = replace(segment, text=text, marks=tuple(self._marks))
            self._marks = []
        self._stretches.append(segment)
        if segment.text.strip():
            self._break_last = False

    def _close_block(self, whole: bool = False) -> None:
        if any(segment.text.strip() for segment in self._stretches):
            if self._paragraph_last and self._blocks and self._blocks[-1].pause_after is None:
                self._blocks[-1] = replace(self._blocks[-1], pause_after=PARAGRAPH_PAUSE)
            self._blocks.append(Block(tuple(self._stretches), whole, voice=self._voices[-1]))
            self._paragraph_last = False
        self._stretches = []

    def _break(self, attributes: dict[str, str]) -> None:
        if "time" in attributes:
            match = _SECONDS.fullmatch(attributes["time"].strip())
            if match is None:
                self._refuse_value("break", "time", attributes["time"], 'write time="500ms" or "0.5s"')
            pause = float(match[1]) / (1000 if match[2] == "ms" else 1)
        else:
            pause = self._word("break", "strength", attributes.get("strength", "medium"), PAUSES)
        self._close_block(whole="s" in self._tags)
        if not self._blocks:
            self._refuse("a <break> stands before any text", "put it after the words that it follows")
        if self._break_last:
            pause += self._blocks[-1].pause_after or 0.0
        if pause > LONGEST_PAUSE:
            self._refuse(f"a pause of {pause:g} s is too long", f"pause for up to {LONGEST_PAUSE:g} s")
        self._blocks[-1] = replace(self._blocks[-1], pause_after=pause)
        self._break_last = True

    def _emphasis(self, level: str) -> Prosody:
        if level not in EMPHASIS:
            self._refuse_value("emphasis", "level", level, f"use {', '.join(EMPHASIS)}")
        rate, semitones, pitch_range = EMPHASIS[level]
        outer = self._prosody[-1]
        return Prosody(outer.rate * rate, outer.semitones + semitones, outer.pitch_range * pitch_range)

    def _other_language(self, given: str) -> str | None:
        """espeak's code of a language that is not the text's."""
        code, spoken = given.lower(), self._language.lower()
        is_same = code in (spoken, spoken.split("-")[0]) or spoken == code.split("-")[0]
        return None if is_same else code

    def _begin_say_as(self, attributes: dict[str, str]) -> None:
        kind = attributes["interpret-as"].strip()
        if kind not in KINDS:
            self._refuse_value("say-as", "interpret-as", kind, f"use {', '.join(KINDS)}")
        self._said_as, self._spelt = (kind, attributes.get("format", "").strip()), []

    def _end_say_as(self) -> None:
        assert self._said_as is not None
        kind, form = self._said_as
        self._said_as = None
        language = self._languages[-1] or self._language
        try:
            self._say(self._segment(say_as(kind, "".join(self._spelt), language, form)))
        except TextError as error:
            self._refuse(error.problem, error.hint)

    def _nested(self, attributes: dict[str, str]) -> Prosody:
        outer = self._prosody[-1]
        rate = outer.rate * self._factor("rate", attributes.get("rate", "1"), RATES)
        semitones = outer.semitones + self._pitch(attributes.get("pitch", "default"))
        pitch_range = outer.pitch_range * self._factor("range", attributes.get("range", "1"), RANGES)
        for name, value, (lowest, highest) in (
            ("rate", rate, RATE_BOUNDS),
            ("pitch", semitones, SEMITONE_BOUNDS),
            ("range", pitch_range, RANGE_BOUNDS),
        ):
            if not lowest <= value <= highest:
                unit = " semitones" if name == "pitch" else ""
                self._refuse(
                    f"<prosody> comes to a {name} of {value:g}{unit}",
                    f"stay within {lowest:g} to {highest:g}{unit}",
                )
        return Prosody(rate, semitones, pitch_range)

    def _factor(self, attribute: str, value: str, words: Mapping[str, float]) -> float:
        match = _FACTOR.fullmatch(value.strip())
        if match is None:
            return self._word("prosody", attribute, value, words, 'a factor ("1.2"), "120%" or "+20%"')
        if match[3]:
            return 1 + float(match[3]) / 100
        return float(match[1]) / (100 if match[2] else 1)

    def _pitch(self, value: str) -> float:
        match = _PITCH.fullmatch(value.strip())
        if match is None:
            return self._word("prosody", "pitch", value, SEMITONES, '"+2st" or "+10%"')
        if match[2] == "st":
            return float(match[1])
        factor = 1 + float(match[1]) / 100
        if factor <= 0:
            self._refuse_value("prosody", "pitch", value, "stay above -100%")
        return 12 * math.log2(factor)

    def _word(
        self, tag: str, attribute: str, value: str, words: Mapping[str, float], others: str = ""
    ) -> float:
        if value.strip() not in words:
            self._refuse_value(tag, attribute, value, f"use {', '.join(words)}{others and f', {others}'}")
        return words[value.strip()]

    def _phoneme(self, attributes: dict[str, str]) -> Segment:
        if attributes["alphabet"] != "ipa":
            self._refuse_value("phoneme", "alphabet", attributes["alphabet"], 'alphabet="ipa" is understood')
        ipa = attributes["ph"].strip()
        if len(ipa) > LONGEST_PHONEME:
            self._refuse(
                f"<phoneme> has {len(ipa)} symbols", f"give it at most {LONGEST_PHONEME}, a sentence's worth"
            )
        if "[" in ipa or "]" in ipa:
            self._refuse_value("phoneme", "ph", attributes["ph"], "write the IPA without brackets")
        return self._segment(f"[[{ipa}]]", literal=True)

    def _check_root(self, attributes: dict[str, str]) -> None:
        if attributes.get("version", _VERSIONS[0]) not in _VERSIONS:
            self._refuse_value("speak", "version", attributes["version"], f"use {' or '.join(_VERSIONS)}")
        if attributes.get("xmlns", NAMESPACE) != NAMESPACE:
            self._refuse_value("speak", "xmlns", attributes["xmlns"], f"use {NAMESPACE}")
        given, spoken = attributes.get("xml:lang", self._language).lower(), self._language.lower()
        if given != spoken and given != spoken.split("-")[0] and given.split("-")[0] != spoken:
            self._refuse_value("speak", "xml:lang", given, f"the text is spoken in {self._language}")

    def _doctype(self, *_: object) -> None:
        self._refuse("the SSML has a <!DOCTYPE>", "leave it out; entities are not read")

    def _instruction(self, target: str, _: str) -> None:
        self._refuse(f"the SSML has a processing instruction <?{target}?>", "leave it out")

    def _refuse_value(self, tag: str, attribute: str, value: str, hint: str) -> NoReturn:
        self._refuse(f"<{tag}> can't have {attribute}={value!r}", hint)

    def _refuse(self, problem: str, hint: str, place: tuple[int, int] | None = None) -> NoReturn:
        line, column = place or (self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber)
        line += self._lines_before
        raise TextError(f"{problem} (line {line}, column {column + 1})", hint) from None


def _listed(names: Mapping[str, object] | tuple[str, ...]) -> str:
    return ", ".join(names)
