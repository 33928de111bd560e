"""Tests of `hiervox.processors.text.language`."""

from __future__ import annotations

import pytest

from hiervox.processors.text.language import other_language


@pytest.mark.parametrize(
    ("text", "language", "other"),
    [
        ("The quick brown fox jumps over the lazy dog, and it is not the first of them.", "en-us", None),
        (
            "Das ist nicht die Sprache, die ich mit dem Modell sprechen wollte, und das ist klar.",
            "en-us",
            "de",
        ),
        ("Das ist nicht die Sprache, die ich mit dem Modell sprechen wollte, und das ist klar.", "de", None),
        ("Il est dans la maison avec une amie et je ne sais pas qui elle est.", "en-gb", "fr"),
        ("No es lo que se dice en los libros de la escuela por la mañana.", "en-us", "es"),
        ("This is not that, and it was for you.", "de", "en"),
        ("Was ist das?", "en-us", None),
        ("Das ist nicht die Sprache, die ich wollte, und das ist klar.", "cmn", None),
        ("", "en-us", None),
    ],
)
def test_another_language_is_noticed_where_it_is_clear(text: str, language: str, other: str | None) -> None:
    assert other_language(text, language) == other
