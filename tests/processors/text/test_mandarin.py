"""Mandarin: numbers, tone sandhi, and pinyin as IPA."""

from __future__ import annotations

import sys

import pytest

from hiervox.processors.text import normalize_text
from hiervox.processors.text.languages.zh import cardinal, phonemize, syllable_to_ipa, syllables
from hiervox.processors.text.script import read_script
from hiervox.utils.errors import DependencyError

NO_WHEEL = 'no wheel of pypinyin or rjieba: pip install "hiervox[zh]"'


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "零"),
        (10, "十"),
        (12, "十二"),
        (101, "一百零一"),
        (110, "一百一十"),
        (1010, "一千零一十"),
        (10_010, "一万零一十"),
        (120_000, "十二万"),
        (101_000_000, "一亿零一百万"),
        (123_456_789, "一亿二千三百四十五万六千七百八十九"),
    ],
)
def test_numbers_in_words(value: int, words: str) -> None:
    assert cardinal(value) == words


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("2026-11-25的7:05", "二零二六年十一月二十五日的七点零五分"),
        ("1998年，12:00", "一九九八年，十二点整"),
        ("¥1,234.5占50%，$3万", "一千二百三十四点五元占百分之五十，三万美元"),
        ("2个，12个，5-7天，-3度", "两个，十二个，五到七天，负三度"),
        ("010-12345678", "零一零-一千二百三十四万五千六百七十八"),
        ("1234567890123", "一二三四五六七八九零一二三"),
    ],
)
def test_numbers_dates_and_money(written: str, spoken: str) -> None:
    assert normalize_text(written, "zh") == spoken


@pytest.mark.parametrize(
    ("text", "pinyin"),
    [
        ("你好", "ni2 hao3"),
        ("我想买水果", "wo3 xiang2 mai3 shui2 guo3"),
        ("不是，不好", "bu2 shi4 bu4 hao3"),
        ("一个，一天，一百", "yi2 ge4 yi4 tian1 yi4 bai3"),
        ("第一，十一月一日", "di4 yi1 shi2 yi1 yue4 yi1 ri4"),
    ],
)
def test_tone_sandhi(text: str, pinyin: str) -> None:
    pytest.importorskip("pypinyin", reason=NO_WHEEL)
    pytest.importorskip("rjieba", reason=NO_WHEEL)
    parts = [syllables(part) for part in text.split("，")]
    assert " ".join(syllable for part in parts for word in part for syllable in word) == pinyin


@pytest.mark.parametrize(
    ("pinyin", "ipa"),
    [
        ("zhong1", "ʈʂʊ→ŋ"),
        ("shi4", "ʂɨ↘"),
        ("si3", "sɨ↓"),
        ("qi1", "tɕʰi→"),
        ("yuan2", "ɥɛ↗n"),
        ("lü4", "ly↘"),
        ("jiu3", "tɕjou↓"),
        ("dui4", "twei↘"),
        ("er2", "ɚ↗"),
        ("o5", "ɔ"),
        ("ng2", "ŋ↗"),
        ("ma5", "ma"),
    ],
)
def test_syllables_become_ipa(pinyin: str, ipa: str) -> None:
    pytest.importorskip("pypinyin", reason=NO_WHEEL)
    assert syllable_to_ipa(pinyin) == ipa


def test_a_text_with_marks_and_english() -> None:
    pytest.importorskip("pypinyin", reason=NO_WHEEL)
    pytest.importorskip("rjieba", reason=NO_WHEEL)
    ipa = phonemize("我们明天去城里，好吗？《OK》。", "zh")
    assert ipa == "wo↓mən mi↗ŋtʰjɛ→n tɕʰy↘ ʈʂʰə↗ŋli↓, xau↓ ma? “ ˌoʊkˈeɪ”."


def test_utterances_are_shorter_than_those_of_letters() -> None:
    utterances = read_script("我们明天去城里，" * 30 + "好吗？", "zh")
    assert len(utterances) == 4 and max(len(each.text) for each in utterances) <= 80


def test_without_the_package_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypinyin", None)
    with pytest.raises(DependencyError, match=r"pypinyin.*hiervox\[zh\]"):
        phonemize("你好", "zh")
