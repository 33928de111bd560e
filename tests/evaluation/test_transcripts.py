from __future__ import annotations

import pytest

from hiervox.evaluation.transcripts import error_counts, normalizer
from hiervox.processors.recognizer import whisper_code


def test_counts_by_hand() -> None:
    # the→a substituted, "sat" deleted, "down" inserted: 3 errors in 4 words
    counts = error_counts("the cat sat there", "a cat there down")
    assert (counts["word_errors"], counts["words"]) == (3, 4)


def test_character_counts_by_hand() -> None:
    # kitten → sitting: two substitutions and an insertion
    counts = error_counts("kitten", "sitting")
    assert (counts["character_errors"], counts["characters"]) == (3, 6)


def test_nothing_heard_is_all_deleted() -> None:
    counts = error_counts("one two", "")
    assert (counts["word_errors"], counts["character_errors"]) == (2, 7)


def test_normalisation_takes_case_punctuation_and_spelling_out() -> None:
    pytest.importorskip("whisper_normalizer")
    normalize = normalizer("en")
    assert normalize("Mr. Hale's COLOUR, don't") == normalize("mister hale's color do not")
    # the basic one keeps words as they are
    assert normalizer("de")("Grüße, Welt!").split() == ["grüße", "welt"]


def test_languages_by_espeaks_names() -> None:
    names = ("en", "en-us", "en-gb", "de", "cmn", "nb", "pt-br")
    assert [whisper_code(name) for name in names] == ["en", "en", "en", "de", "zh", "no", "pt"]
