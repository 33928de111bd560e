"""Texts as networks take them."""

from __future__ import annotations

import pytest

from hiervox.models.base.pipelines.token_sequence import read_text, token_sequence
from hiervox.processors.text import TextConfig, TextFrontend, build_frontend
from hiervox.processors.text.script import Span, Utterance


def test_a_symbol_at_either_end_is_silent_and_belongs_to_its_neighbour() -> None:
    frontend = TextFrontend()
    (space,) = frontend.tokens(" ")
    slow = Utterance((Span("one ", rate=0.5), Span("two", semitones=3.0)))
    plain, edged = (token_sequence(frontend, slow, edge=edge) for edge in ("", " "))
    assert edged.tokens == [space, *plain.tokens, space]
    assert edged.silent == [True, *plain.silent, True]
    assert edged.rates == [0.5, *plain.rates, 1.0]
    assert edged.semitones == [0.0, *plain.semitones, 3.0]
    assert edged.phonemes == plain.phonemes


def test_the_last_mark_belongs_to_the_words_before_it() -> None:
    frontend = build_frontend(TextConfig(closing="."))
    one = token_sequence(frontend, Utterance((Span("one "), Span("two", rate=0.5))))
    assert one.phonemes.endswith(".")
    assert one.rates[-1] == 0.5
    assert len(one.tokens) == len(one.phonemes) == len(one.rates) == len(one.silent)
    assert one.silent[-1]


def test_every_sentence_of_a_text_is_read_so() -> None:
    frontend = build_frontend(TextConfig(closing="."))
    first, last = read_text("Is it so? It is", frontend, edge=" ")
    assert (first.phonemes[-1], last.phonemes[-1]) == ("?", ".")
    assert {each.tokens[0] for each in (first, last)} == {each.tokens[-1] for each in (first, last)}


@pytest.mark.parametrize(("edge", "blanks"), [("", False), (" ", False), ("", True)])
def test_marks_name_the_token_before_which_they_are(edge: str, blanks: bool) -> None:
    text = "<speak>one <mark name='m'/>two</speak>"
    (sequence,) = read_text(text, build_frontend(TextConfig()), blanks, edge)
    ((name, token),) = sequence.marks
    place = sequence.phonemes.index(" ") + len(edge)
    assert name == "m" and token == (2 * place if blanks else place)


def test_other_languages_have_their_front_end() -> None:
    frontend = build_frontend(TextConfig())
    asked: list[str] = []

    def other(language: str) -> TextFrontend:
        asked.append(language)
        return frontend

    read_text("<speak>one <lang xml:lang='it'>due</lang></speak>", frontend, others=other)
    assert asked == ["it"]
