"""Tests of `hiervox.processors.text.typography`."""

from __future__ import annotations

import time

import pytest

from hiervox.processors.text.typography import collapse_runs, mark_pauses, markup_kinds, read_links


@pytest.mark.parametrize(
    ("text", "collapsed"),
    [
        ("Wait!!!", "Wait!!!"),
        ("Wait" + "!" * 5000, "Wait!"),
        ("So" + "." * 400 + " yes", "So... yes"),
        ("So... yes", "So... yes"),
        ("Really?!?!?!?!?! Yes.", "Really?! Yes."),
        (". . . . . . . . and so on", ". and so on"),
        ("=" * 60, "="),
        ("- " * 40 + "end", "- end"),
        ("1.2.3.4.5.6", "1.2.3.4.5.6"),
        ("aaaaaaah", "aaaaaaah"),
    ],
)
def test_runs_of_marks_are_short(text: str, collapsed: str) -> None:
    assert collapse_runs(text) == collapsed


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("See [the manual](https://example.org/a_(b)?c=1#d) now.", "See the manual now."),
        ("![A cat](cat.png) sleeps.", "A cat sleeps."),
        ("Say [[həlˈoʊ]](loud) please.", "Say [[həlˈoʊ]](loud) please."),
        ("An [aside] (so to say).", "An [aside] (so to say)."),
    ],
)
def test_links_are_read_as_their_words(text: str, read: str) -> None:
    assert read_links(text) == read


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("It came - at last - to this.", "It came, at last, to this."),
        ("It came — at last—to this.", "It came, at last, to this."),
        ("It came -- at last--to this.", "It came, at last, to this."),
        ("It came – at last – to this.", "It came, at last, to this."),
        (
            "A well-known man, born 1900–1950, at -5 degrees.",
            "A well-known man, born 1900–1950, at -5 degrees.",
        ),
        ("She (my aunt) came.", "She, my aunt, came."),
        ("She came (my aunt).", "She came, my aunt."),
        ("She came, (my aunt), late.", "She came, my aunt, late."),
        ("(Hello there.) Yes.", "Hello there. Yes."),
        ("Take f(x) of it.", "Take f(x) of it."),
        ("Why? (Nobody knows.) Well!", "Why? Nobody knows. Well!"),
        ("To be—or not?—to be.", "To be, or not? to be."),
    ],
)
def test_dashes_and_parentheses_are_pauses(text: str, marked: str) -> None:
    assert mark_pauses(text) == marked


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Plain words, 3 < 5, a * b * c, snake_case and 2**3.", []),
        ("# A heading", ["Markdown"]),
        ("It is **very** good.", ["Markdown"]),
        ("Call `make`.", ["Markdown"]),
        ("<p>One<br/>two</p>", ["HTML"]),
        (r"\emph{One}", ["LaTeX"]),
    ],
)
def test_markup_is_noticed(text: str, kinds: list[str]) -> None:
    assert markup_kinds(text) == kinds


@pytest.mark.parametrize(
    "char", ["!", ".", "(", ")", "[", "-", "—", " ", ", ", "*", "`", "<a", "](", "- ", "\\"]
)
def test_no_text_takes_long(char: str) -> None:
    text = char * 50_000
    began = time.perf_counter()
    mark_pauses(collapse_runs(read_links(text)))
    mark_pauses(text)
    markup_kinds(text)
    assert time.perf_counter() - began < 3
