"""Japanese: kana, words and numbers as IPA."""

from __future__ import annotations

import sys

import pytest

from hiervox.processors.text import normalize_text
from hiervox.processors.text.languages.ja import kana_to_ipa, phonemize
from hiervox.utils.errors import DependencyError


@pytest.mark.parametrize(
    ("kana", "ipa"),
    [
        ("コンニチワ", "koɲɲitɕiwa"),
        ("ガッコー", "ɡaʔkoː"),
        ("シンブン", "ɕimbɯɴ"),
        ("デンキ", "deŋkʲi"),
        ("ギンザ", "ɡʲiɴdza"),
        ("ヒャクジュー", "çakɯdʑɨː"),
        ("リョーリ", "ɾʲoːɾʲi"),
        ("パーティー", "paːtʲiː"),
        ("ヴァイオリン", "vaioɾʲiɴ"),
        ("フィルム", "ɸʲiɾɯmɯ"),
        ("クォーター", "kʷoːtaː"),
        ("ウィスキー", "wisɨkʲiː"),
        ("シェフ", "ɕeɸɯ"),
        ("ツァー", "tsaː"),
        ("テュ", "tʲɨ"),
        ("ァA", "a"),
        ("", ""),
    ],
)
def test_kana_become_ipa(kana: str, ipa: str) -> None:
    assert kana_to_ipa(kana) == ipa


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("2026-11-25の7:30", "2026年11月25日の7時30分"),
        ("12:00に¥1,234", "12時に1,234円"),
        ("$25万の50%、-5度", "25万ドルの50パーセント、マイナス5度"),
        ("A-5と10-5", "A-5と10-5"),
    ],
)
def test_dates_times_and_money(written: str, spoken: str) -> None:
    assert normalize_text(written, "ja") == spoken


@pytest.mark.parametrize(
    ("text", "ipa"),
    [
        ("学校へ行きました！", "ɡaʔkoː e ikʲi maɕita!"),
        ("新聞を読んでから、散歩に行きませんか？", "ɕimbɯɴ o jonde kaɾa, sampo ɲi ikʲi maseɴ ka?"),
        ("「はい」と（彼は）言った…", "“hai” to (kaɾe wa) iʔta…"),
        ("11月25日は1,234円です。", "dʑɨːitɕiɡatsɨ ɲidʑɨː ɡoɲitɕi wa seɴ ɲiçakɯ saɲdʑɨː joeɴ desɨ."),
    ],
)
def test_open_jtalks_words_become_ipa(text: str, ipa: str) -> None:
    pytest.importorskip("pyopenjtalk", reason='no wheel of pyopenjtalk-plus: pip install "hiervox[ja]"')
    assert phonemize(text, "ja") == ipa


def test_without_the_package_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyopenjtalk", None)
    with pytest.raises(DependencyError, match=r"pyopenjtalk-plus.*hiervox\[ja\]"):
        phonemize("はい", "ja")
