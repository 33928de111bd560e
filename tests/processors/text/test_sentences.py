from __future__ import annotations

import random
import re
import time

import pytest

from hiervox.processors.text.sentences import INLINE_IPA, speakable, split_paragraphs, split_sentences
from hiervox.utils.errors import ConfigError


def solid(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(
    ("text", "language", "count"),
    [
        ("Dr. Smith met Mr. Jones. They talked.", "en-us", 2),
        ("He lives in the U.S. and works there. She does not.", "en-us", 2),
        ("Is it? Yes! No... maybe.", "en-us", 3),
        ("Apples, pears, etc. are fruit. Well.", "en-us", 2),
        ("Version 3.5 is out. J. R. R. Tolkien wrote it.", "en-us", 2),
        ("Wait!!! What?! Oh.", "en-us", 3),
        ("See www.example.com. It is good.", "en-us", 2),
        ("I say [[a. B! C?]] twice. Really.", "en-us", 2),
        ("A heading\n\nA line\nthat goes on", "en-us", 2),
        ("Buy:\n- milk\n- bread", "en-us", 3),
        ("Das ist Dr. Müller. Er wohnt z.B. in Berlin. Am 3. Mai kommt er.", "de", 3),
        ("今天天气很好。我们去吧！好吗？", "cmn", 3),
        ("यह वाक्य है। दूसरा वाक्य।", "hi", 2),
        ("هل أنت بخير؟ نعم.", "ar", 2),
    ],
)
def test_sentences_end_where_they_do(text: str, language: str, count: int) -> None:
    sentences = split_sentences(text, language=language)
    assert len(sentences) == count, sentences
    assert solid("".join(sentences)) == solid(text)


def test_long_sentences_are_cut_at_clauses() -> None:
    clause = "this is a clause of about fifty characters I think"
    sentences = split_sentences(", ".join([clause] * 9) + ".")
    assert len(sentences) == 3
    assert all(sentence.endswith(("think,", "think.")) for sentence in sentences)


def test_long_clauses_are_cut_between_words_in_even_pieces() -> None:
    words = "word " * 100
    lengths = [len(sentence) for sentence in split_sentences(words)]
    assert len(lengths) == 3 and max(lengths) - min(lengths) < 20
    assert " ".join(split_sentences(words)).split() == words.split()


def test_a_long_word_is_cut_but_no_letter_from_its_mark() -> None:
    assert split_sentences("x" * 1000, limit=300) == ["x" * 250] * 4
    pieces = split_sentences("e\u0301" * 200, limit=101)
    assert all(piece.startswith("e") for piece in pieces) and max(map(len, pieces)) <= 101


def test_inline_ipa_stays_whole() -> None:
    text = "x" * 150 + "[[həlˈoʊ wˈɜːld. həlˈoʊ]]" * 30 + " end"
    pieces = split_sentences(text)
    assert "".join(solid(piece) for piece in pieces) == solid(text)
    assert sum(len(INLINE_IPA.findall(piece)) for piece in pieces) == 30
    assert split_sentences(f"[[{'a b. ' * 100}]]") == [f"[[{'a b. ' * 100}]]"]


def test_what_is_silent_stays_with_its_neighbour() -> None:
    assert split_sentences("😀! Hi. — 😀. Bye! ...") == ["😀! Hi. — 😀.", "Bye! ..."]
    assert split_sentences("Hello. 你好。 Bye.") == ["Hello. 你好。", "Bye."]
    assert split_sentences("...") == ["..."]
    assert split_sentences(" \n ") == []


@pytest.mark.parametrize(
    ("text", "sounds"),
    [("a", True), ("7", True), ("%", True), ("[[ˈa]]", True), ("—!", False), ("你", False)],
)
def test_speakable(text: str, sounds: bool) -> None:
    assert speakable(text, "en-us") is sounds


def test_paragraphs() -> None:
    assert split_paragraphs("\n\na\nb\n \nc\r\n\r\nd [[x\n\ny]]\u2029e\n\n") == [
        "a\nb",
        "c",
        "d [[x\n\ny]]",
        "e",
    ]


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="limit of 0"):
        split_sentences("Hi.", limit=0)


@pytest.mark.parametrize("seed", range(40))
def test_nothing_is_left_out_added_or_moved(seed: int) -> None:
    rng = random.Random(seed)
    parts = [
        "word", "Dr.", "3.5", " ", " ", " ", ". ", "? ", ", ", "; ", "\n", "\n\n", "—", "\u200b", "\ud800",
        "😀", "👩\u200d👧", "e\u0301", "עולם", "你好。", "[[a. b]]", "[[", "]]", "\x00", "\x1c", "\u2028",
        "“", "”", "(", ")", "x" * 70, "...", "\r\n", "&amp;", "\u202e", "∯", "!?",
    ]  # fmt: skip
    for limit in (1, 7, 50, 200):
        text = "".join(rng.choices(parts, k=rng.randrange(200)))
        pieces = split_sentences(text, limit=limit, language=rng.choice(["en-us", "de", "cmn", "ar"]))
        assert solid("".join(pieces)) == solid(text)
        assert all(piece == piece.strip() and piece for piece in pieces)


@pytest.mark.parametrize("limit", [20, 200])
def test_no_piece_is_over_the_limit(limit: int) -> None:
    rng = random.Random(limit)
    words = ["".join(rng.choices("abcde", k=rng.randrange(1, 40))) for _ in range(500)]
    words = [word + rng.choice(["", "", ",", ".", ")"]) for word in words]
    assert max(map(len, split_sentences(" ".join(words), limit=limit))) <= limit


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        ".",
        "(",
        "'",
        "1. ",
        "A. ",
        " ",
        "a.b",
        "\n",
        "[[",
        "“",
        "?! ",
        "a, ",
        "\u0301",
        "今天，",
        "- \n",
        "😀",
    ],
)
def test_rows_of_one_thing_are_quick(unit: str) -> None:
    begin = time.perf_counter()
    text = unit * (20_000 // len(unit))
    assert solid("".join(split_sentences(text))) == solid(text)
    assert time.perf_counter() - begin < 2


def test_five_thousand_words_are_quick() -> None:
    text = "Dr. Smith paid for it, as he said; then he left. " * 450
    begin = time.perf_counter()
    sentences = split_sentences(text)
    assert time.perf_counter() - begin < 2
    assert len(sentences) == 450 and re.fullmatch(r"Dr\. Smith .* left\.", sentences[0])
