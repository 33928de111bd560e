"""Marks that a reader sees and does not say: links, dashes, parentheses, runs of punctuation."""

from __future__ import annotations

import re

LONGEST_RUN = 3
"""Of one mark; more of it says no more."""
_MARKS = ".!?…,;:"
_SAME = re.compile(rf"([^\w\s])\1{{{LONGEST_RUN},}}")
_MIXED = re.compile(rf"(?:[{_MARKS}]\s*){{{LONGEST_RUN + 2},}}")
_SPACED = re.compile(rf"([^\w\s])(?:\s+\1){{{LONGEST_RUN},}}")

_LINK = re.compile(r"!?\[(?!\[)([^\[\]\n]{1,500})\]\((?:[^()\s]|\([^()\s]{0,200}\)){1,2000}\)")
_TAGS = "a|b|i|u|p|br|div|em|h[1-6]|img|li|ol|span|strong|table|td|tr|ul"
_MARKUP = (
    ("HTML", re.compile(rf"</?(?:{_TAGS})\b[^<>]{{0,500}}>", re.IGNORECASE)),
    (
        "Markdown",
        re.compile(r"^(?:#{1,6} \S|```)|(?<!\w)(\*\*|__|`)(?=\S)[^\n]{1,500}?(?<=\S)\1(?!\w)", re.M),
    ),
    ("LaTeX", re.compile(r"\\(?:begin|end|emph|textbf|textit|section|cite|ref)\{")),
)

_DASH = re.compile(r"(?<=\S)(?:\s+(?:-{1,3}|[–―])\s+|\s*(?:—|⸺|(?<!-)--{1,2}(?!-))\s*)(?=\S)")
_PARENTHESES = re.compile(
    r"(?P<before>(?<=\S)\s+|(?<!\S))\((?=\S)(?P<inside>[^()]{1,1000})\)(?=[\s.,;:!?…]|\Z)"
)
_DOUBLED = re.compile(r"([,;:])\s*,(?=\s)|,(?=[.;:!?…,])|(?<=[.!?…]),(?=\s)")


def collapse_runs(text: str) -> str:
    """Shorten runs of marks, which a model holds for one long pause each.

    More than three of one mark become one (`...` of stops), spaced or not, and more than four of several
    kinds become the first two kinds.
    """
    text = _SAME.sub(lambda run: "..." if run[1] == "." else run[1], text)
    text = _SPACED.sub(lambda run: run[1], text)
    return _MIXED.sub(_first_kinds, text)


def _first_kinds(run: re.Match[str]) -> str:
    kinds = "".join(dict.fromkeys(char for char in run[0] if char in _MARKS))
    end = len(run[0]) - len(run[0].rstrip())
    return kinds[:2] + (run[0][-end:] if end else "")


def read_links(text: str) -> str:
    """`[words](address)` and `![words](address)` of Markdown become their words."""
    return _LINK.sub(r"\1", text)


def markup_kinds(text: str) -> list[str]:
    """Which markup besides SSML a text seems to hold."""
    return [name for name, pattern in _MARKUP if pattern.search(text)]


def mark_pauses(text: str) -> str:
    """Dashes between words and parentheses become commas, for which a model pauses.

    A hyphen within a word, a minus before a number, a range of numbers and parentheses within a word, as in
    f(x), stay.
    """
    text = _DASH.sub(", ", text)
    text = _PARENTHESES.sub(_between_commas, text)
    return _DOUBLED.sub(lambda match: match[1] or "", text)


def _between_commas(found: re.Match[str]) -> str:
    words_follow = found.string[found.end() : found.end() + 20].lstrip()[:1].isalnum()
    return f"{', ' if found['before'] else ''}{found['inside']}{',' if words_follow else ''}"
