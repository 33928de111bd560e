from __future__ import annotations

import json
import logging
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from hiervox.processors.text import SYMBOLS, TextFrontend
from hiervox.utils.errors import TextError
from hiervox.utils.logging import get_logger


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    """What the text logger says. (The project's loggers do not propagate to where caplog listens.)"""
    handler = _Lines()
    get_logger("text").addHandler(handler)
    yield handler.lines
    get_logger("text").removeHandler(handler)


def test_sentences_agree_with_the_published_front_end(shared: Path) -> None:
    golden = json.loads((shared / "parity/official/text.json").read_text(encoding="utf-8"))
    frontend = TextFrontend()
    for sentence in golden["sentences"]:
        assert frontend.phonemes(sentence["text"]) == sentence["ipa"]
        assert frontend.tokens(sentence["ipa"]) == sentence["ids"]


@pytest.mark.parametrize("text", ["", "  \n", "...", "-- !?", "😀🎉", "()"])
def test_text_without_a_sound_is_an_error(text: str) -> None:
    with pytest.raises(TextError, match="nothing to speak"):
        TextFrontend().phonemes(text)


def test_a_long_unspeakable_text_is_cropped() -> None:
    with pytest.raises(TextError) as caught:
        TextFrontend().phonemes("你" * 500)
    assert len(str(caught.value)) < 150
    assert "你你" in str(caught.value)


def test_inline_ipa_is_taken_as_it_stands() -> None:
    frontend = TextFrontend()
    assert frontend.phonemes("Say [[ˈfoʊbɑː]], world!") == "sˈeɪ ˈfoʊbɑː, wˈɜːld!"
    assert frontend.phonemes("[[ˈfoʊ]]") == "ˈfoʊ"


@pytest.mark.parametrize("text", ["Say [[foʊ", "Say foʊ]]"])
def test_unpaired_inline_ipa(text: str) -> None:
    with pytest.raises(TextError, match="not in pairs"):
        TextFrontend().phonemes(text)


@pytest.mark.parametrize("ipa", ["f9", "a_b"])  # the pad symbol is no sound
def test_symbols_that_the_model_lacks_are_named(ipa: str) -> None:
    with pytest.raises(TextError, match=f"no symbol for {ipa[1]}"):
        TextFrontend().phonemes(f"Say [[{ipa}]]")
    with pytest.raises(TextError, match=f"no symbol for {ipa[1]}"):
        TextFrontend().tokens(ipa)


def test_decomposed_ipa_is_composed() -> None:
    assert TextFrontend().tokens("c\u0327") == [SYMBOLS.index("ç")]


def test_user_lexicon_goes_before_espeak_and_before_abbreviations(tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    path.write_text("Nguyen\twˈɪn\ndr\tdɹˈaɪv\n", encoding="utf-8")
    frontend = TextFrontend(lexicon=path)
    assert frontend.phonemes("Hello, Nguyen. Main dr.") == "həlˈoʊ, wˈɪn. mˈeɪn dɹˈaɪv."


def test_dropped_characters_are_named_once(warnings: list[str]) -> None:
    frontend = TextFrontend()
    assert frontend.phonemes("hello 😀 world") == "həlˈoʊ wˈɜːld"
    assert frontend.phonemes("hello 😀 world") == "həlˈoʊ wˈɜːld"
    assert warnings == ["left out 😀, which can't be spoken in en-us, in 'hello 😀 world'"]


def test_an_accent_that_the_model_lacks_leaves_its_letter(warnings: list[str]) -> None:
    assert TextFrontend("fr-fr").phonemes("bon") == "bˈɔ"
    assert "U+0303" in warnings[0]


def test_a_model_with_more_symbols_keeps_them() -> None:
    frontend = TextFrontend("fr-fr", symbols=(*SYMBOLS, "\u0303"))
    assert frontend.phonemes("bon") == "bˈɔ\u0303"
    assert frontend.tokens("ɔ\u0303")[-1] == len(SYMBOLS)


def test_brackets_go_silently(warnings: list[str]) -> None:
    assert TextFrontend().phonemes("hello (world) {you}") == "həlˈoʊ wˈɜːld juː"
    assert not warnings


def test_many_texts_are_the_same_as_each() -> None:
    frontend = TextFrontend()
    texts = ["Hello world.", "One two.", "Hello world."]
    assert frontend.phonemes_many(texts) == [frontend.phonemes(text) for text in texts]
    with pytest.raises(TextError, match="nothing to speak"):
        frontend.phonemes_many(["fine", "..."])


@pytest.mark.parametrize("ended", ["tˈæɡ.", "tˈæɡ?", "tˈæɡ…", 'tˈæɡ!"', "tˈæɡ,” "])
def test_a_text_that_ends_in_a_mark_stays_as_it_is(ended: str) -> None:
    assert TextFrontend(closing=".").closed(ended) == ended


def test_a_text_that_ends_in_no_mark_is_closed() -> None:
    frontend = TextFrontend(closing=".")
    assert frontend.closed("wˈʌn, tˈæɡ") == "wˈʌn, tˈæɡ."
    assert frontend.closed('"tˈæɡ"') == '"tˈæɡ".'
    assert TextFrontend().closed("tˈæɡ") == "tˈæɡ"


def test_a_front_end_goes_to_worker_processes() -> None:
    frontend = pickle.loads(pickle.dumps(TextFrontend("de")))
    assert frontend.phonemes("Tag") == "tˈɑːk"
