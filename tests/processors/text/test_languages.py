"""Languages: Italian's rules, and a language that a package brings whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from hiervox.processors.text import TextConfig, build_frontend, normalize_text, split_sentences
from hiervox.processors.text.languages import LANGUAGES, rules_of
from hiervox.processors.text.languages.ko import pronounced
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


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            "unreleased finals",
            "꽃 꼳, 값 갑, 밟다 밥따, 맑게 말께, 닭과 닥꽈, 젊지 점찌, 히읗 히읃",
        ),
        ("liaison", "옷이 오시, 값을 갑쓸, 넋이 넉씨, 앉아 안자, 있어요 이써요, 강아지 강아지"),
        ("h", "놓는 논는, 뚫는 뚤른, 좋던 조턴, 많고 만코, 닿소 다쏘, 낳은 나은, 많아 마나, 밝히다 발키다"),
        ("h behind stops", "넓히다 널피다, 앉히다 안치다, 꽂히다 꼬치다, 못하다 모타다"),
        ("palatals", "굳이 구지, 밭이 바치, 굳히다 구치다, 벼훑이 벼훌치, 가져 가저, 희망 히망"),
        ("nasals", "독립문 동님문, 국물 궁물, 닫는 단는, 없는 엄는, 강릉 강능, 협력 혐녁, 밟는 밤는"),
        ("laterals", "난로 날로, 칼날 칼랄, 신라 실라"),
        ("tense initials", "국밥 국빱, 넓게 널께, 핥다 할따, 앉고 안꼬, 닮고 담꼬, 삶도 삼도"),
    ],
)
def test_korean_is_pronounced_by_the_standard(rule: str, words: str) -> None:
    pairs = [pair.split() for pair in words.split(", ")]
    assert {written: pronounced(written) for written, _ in pairs} == dict(pairs), rule


def test_korean_is_read_in_the_published_symbols() -> None:
    frontend = build_frontend(TextConfig(languages=("ko",)))
    assert frontend.phonemes("안녕하세요.") == "ˈɐnnjʌŋhˌɐsejˌo."
    assert frontend.phonemes("독립문") == frontend.phonemes("동님문") == "dˈoŋnimmˌun"
    syllables = " ".join(chr(code) for code in range(ord("가"), ord("힣") + 1, 4))
    assert "ʼ" in frontend.phonemes(syllables)
    assert not frontend.left_out
    assert normalize_text("1,234년 6월 10월, 3.5", "ko") == "천이백삼십사년 유월 시월, 삼점오"


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
