"""Languages: Italian's rules, and a language that a package brings whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from hiervox.processors.text import TextConfig, build_frontend, normalize_text, split_sentences
from hiervox.processors.text.languages import LANGUAGES, rules_of
from hiervox.utils.errors import ConfigError
from tests.plugins import installed


def test_english_has_rules_for_all_its_kinds() -> None:
    assert rules_of("en-gb") is rules_of("en-us") is LANGUAGES["en"]
    assert rules_of("de").normalize is None and rules_of("de").code == "de"
    assert normalize_text("Am 3. Mai [[maɪ]].", "de") == "Am 3. Mai [[maɪ]]."


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            "Il dott. Rossi è arrivato. Vedi pag. 5 e art. 3. Fine.",
            ["Il dott. Rossi è arrivato.", "Vedi pag. 5 e art. 3.", "Fine."],
        ),
        (
            "È il dott. A. Rossi. La dott.ssa Verdi (cfr. Bianchi). Sì.",
            ["È il dott. A. Rossi.", "La dott.ssa Verdi (cfr. Bianchi).", "Sì."],
        ),
    ],
)
def test_an_italian_abbreviation_ends_no_sentence(text: str, sentences: list[str]) -> None:
    assert split_sentences(text, language="it") == sentences


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Il dott. Rossi e la dott.ssa Verdi.", "Il dottor Rossi e la dottoressa Verdi."),
        ("Egr. sig. Neri, vedi pag. 5.", "Egregio signor Neri, vedi pagina 5."),
        ("Sig.ra Bruni, ad es. qui.", "Signora Bruni, ad esempio qui."),
        ("Cap. IV, n. 7 [[dott. X]].", "Capitolo IV, numero 7 [[dott. X]]."),
        ("Il cap. Verdi è dott.", "Il capitano Verdi è dott."),
    ],
)
def test_italian_abbreviations_in_words(written: str, spoken: str) -> None:
    assert normalize_text(written, "it") == spoken


def test_korean_is_read_by_espeak() -> None:
    config = TextConfig(languages=("ko",))
    assert build_frontend(config).phonemes("안녕하세요.") == "ˈɐnnjʌŋhˌɐsejˌo."


BIRD = """
from hiervox.processors.text.languages import Language

def phonemize(text, language):
    return text.lower().replace("tweet", "tuˈit")

def sentences(paragraph):
    parts = paragraph.split("|")
    return [*(part + "|" for part in parts[:-1]), parts[-1]]

LANGUAGE = Language(
    "x-bird",
    normalize=lambda text, language: text.replace("2", "tweet tweet"),
    phonemize=phonemize,
    sentences=sentences,
    symbols="♪",
)
"""


def test_a_package_brings_a_language_that_espeak_has_not(tmp_path: Path) -> None:
    points = {"hiervox.languages": {"x-bird": "bird:LANGUAGE"}}
    config = TextConfig(languages=("x-bird",))
    with installed(tmp_path, "birds", points, {"bird.py": BIRD}):
        assert split_sentences("Tweet. Tweet| 2!", language="x-bird") == ["Tweet. Tweet|", "2!"]
        assert build_frontend(config).phonemes(normalize_text("2!", "x-bird")) == "tuˈit tuˈit!"
    with pytest.raises(ConfigError, match="espeak has no language 'x-bird'"):
        build_frontend(config).phonemes("Tweet!")
