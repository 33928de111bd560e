from __future__ import annotations

import pytest

from hiervox.processors.text.cleaners import clean, clean_english, clean_other, collapse_whitespace, normalize


@pytest.mark.parametrize(
    ("written", "cleaned"),
    [
        ("Dr. Smith paid MRS. Jones", "doctor smith paid misess jones"),
        ("the co. of St. Paul", "the company of saint paul"),
        ("a pact. The end", "a pact. the end"),  # "ct." is no abbreviation, nor is the end of a word
        ("café naïve façade", "cafe naive facade"),
        ("“Who’s there?” — he…", '"who\'s there?" -- he...'),
        ("Straße, ŒUVRE, Łódź", "strasse, oeuvre, lodz"),
        ("½ of x²", "1/2 of x2"),
        ("£5 and 20 °C", "£5 and 20 °c"),
    ],
)
def test_english_spelling(written: str, cleaned: str) -> None:
    assert clean_english(written) == (cleaned, set())


def test_english_drops_other_scripts_and_names_them() -> None:
    assert clean_english("go 你好 😀 now") == ("go   now", {"你", "好", "😀"})


def test_other_languages_keep_their_letters_and_case() -> None:
    assert clean_other("Größe, ¿niño? 你好。 😀") == ("Größe, ¿niño? 你好。 ", {"😀"})


def test_decomposed_letters_are_composed_and_invisible_ones_go() -> None:
    assert normalize("u\u0308ber\u200b\ufeff co\u00adop") == "über coop"


def test_language_picks_the_cleaner() -> None:
    assert clean("Café", "en-gb")[0] == "cafe"
    assert clean("Café", "fr-fr")[0] == "Café"


def test_whitespace() -> None:
    assert collapse_whitespace("  a\n\t b ") == "a b"
