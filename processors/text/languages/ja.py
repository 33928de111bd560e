"""Japanese: read by Open JTalk (pyopenjtalk-plus, `pip install "hiervox[ja]"`), whose kana become IPA.

The IPA is broad, after Okada, "Japanese" (Handbook of the International Phonetic Association, 1999), with a
central vowel behind sibilants and palatals as in misaki 0.7 (Apache-2.0). Pitch accents are not written.
"""

from __future__ import annotations

import re
import unicodedata
from types import ModuleType
from typing import Any

from hiervox.processors.text.languages import Language
from hiervox.utils.errors import DependencyError

_ROWS_AND_IPA = """
    k カキクケコ  ɡ ガギグゲゴ  s サシスセソ  dz ザジズゼゾ  t タチツテト  d ダヂヅデド  n ナニヌネノ
    h ハヒフヘホ  b バビブベボ  p パピプペポ  m マミムメモ  ɾ ラリルレロ
"""
_ROWS = {"": "アイウエオ"} | dict(zip(_ROWS_AND_IPA.split()[::2], _ROWS_AND_IPA.split()[1::2], strict=True))
_OTHERS_AND_IPA = """
    シ ɕ i  ジ dʑ i  チ tɕ i  ヂ dʑ i  ニ ɲ i  ヒ ç i  ス s ɨ  ズ z ɨ  ツ ts ɨ  ヅ z ɨ  フ ɸ ɯ
    ヤ j a  ユ j ɯ  ヨ j o  ワ w a  ヴ v ɯ  ヵ k a  ヶ k e
"""
_OTHERS = dict(zip("ヰヱヲ", (("", "i"), ("", "e"), ("", "o")), strict=True)) | {
    kana: (onset, vowel)
    for kana, onset, vowel in zip(*(_OTHERS_AND_IPA.split()[part::3] for part in range(3)), strict=True)
}
_PALATAL_ROWS = frozenset(("k", "ɡ", "b", "p", "m", "ɾ"))
_MORAS: dict[str, tuple[str, str]] = {
    kana: (onset + "ʲ" * (vowel == "i" and onset in _PALATAL_ROWS), vowel)
    for onset, row in _ROWS.items()
    for kana, vowel in zip(row, "aiɯeo", strict=True)
} | _OTHERS
"""Onset and vowel of a kana."""
_SMALL_VOWELS = dict(zip("ァィゥェォヮ", "aiɯeoa", strict=True))
_GLIDES = {"ャ": "a", "ュ": "ɨ", "ョ": "o"}
_BEFORE_VOWELS = {"イ": "j", "ウ": "w", "ク": "kʷ", "グ": "ɡʷ"}
_PALATALISED = frozenset("tdɸv") | {"ts"}
_PALATALS = ("ɲ", "tɕ", "dʑ")
_AFFRICATES = ("ts", "dz")
_MARKS = str.maketrans("、，。．！？：；「」『』（）《》【】・～〜…―", ",,..!?:;“”“”()“”“” ——…—")
_OPENING, _CLOSING = frozenset("(“"), frozenset("!),.:;?”…—")
_POLITE = ("ます", "まし", "ませ", "です", "でし")
_LINKING = frozenset("てでば")

_DATE = re.compile(r"(?<!\d)(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)")
_TIME = re.compile(r"(?<![\d:])(\d{1,2}):(\d{2})(?![\d:])")
_MONEY = re.compile(r"([¥￥$＄€])\s?(\d[\d,]*(?:\.\d+)?(?:[万億兆])?)")
_CURRENCIES = {"¥": "円", "$": "ドル", "€": "ユーロ"}
_MINUS = re.compile(r"(?<![\w.)\]])[-−](?=\d)")
_NO_KANA = re.compile(r"[^ァ-ヺー]")
_AFTER_OPENING = re.compile(r"(?<=[(“]) ")
_NO_MINUTES = "00"


def normalize(text: str, language: str) -> str:
    """`2026-11-25` as `2026年11月25日`, `7:30` as `7時30分`, `¥500` as `500円`; Open JTalk reads numbers."""
    text = _DATE.sub(lambda match: f"{match[1]}年{int(match[2])}月{int(match[3])}日", text)
    text = _MINUS.sub("マイナス", _TIME.sub(_time, text))
    return _MONEY.sub(
        lambda match: match[2] + _CURRENCIES[unicodedata.normalize("NFKC", match[1])], text
    ).replace("%", "パーセント")


def _time(match: re.Match[str]) -> str:
    minutes = "" if match[2] == _NO_MINUTES else f"{int(match[2])}分"
    return f"{int(match[1])}時{minutes}"


def phonemize(text: str, language: str) -> str:
    """IPA of a text, words apart; ʔ is ッ, and ː a long vowel.

    Raises:
        DependencyError: pyopenjtalk-plus is not installed.
    """
    parts: list[str] = []  # kana of words, and marks with a space on their outer side
    before: dict[str, Any] | None = None
    for word in _open_jtalk().run_frontend(text):
        marks = word["string"].translate(_MARKS)
        kana = "" if word["pos"] == "記号" else _NO_KANA.sub("", word["pron"])
        if kana:
            if before is not None and _is_one_word(before, word):
                parts[-1] += kana
            else:
                parts.append(kana)
        elif _OPENING.issuperset(marks):
            parts.append(f" {marks}")
        elif _CLOSING.issuperset(marks):
            parts.append(marks)
        before = word if kana else None
    ipa = "".join(f" {kana_to_ipa(part)}" if _NO_KANA.search(part) is None else part for part in parts)
    return _AFTER_OPENING.sub("", ipa).strip()


def _is_one_word(before: dict[str, Any], word: dict[str, Any]) -> bool:
    """Whether two parts are one word in print: endings of verbs, suffixes, the parts of a number."""
    if word["pos"] == "助動詞":
        return not word["string"].startswith(_POLITE)
    kind, text = word["pos_group1"], word["string"]
    linked = word["pos"] == "助詞" and kind == "接続助詞" and text in _LINKING
    chained = word["chain_flag"] == 1 and "数" in (kind, before["pos_group1"])
    return linked or kind == "接尾" or chained


def kana_to_ipa(kana: str) -> str:
    """IPA of a word in katakana; what is no kana is left out."""
    moras: list[tuple[str, str]] = []
    last = ""
    for letter in kana:
        if letter in _GLIDES and last in _MORAS:
            onset = _MORAS[last][0]
            palatal = "ʲ" if onset in _PALATALISED else ""
            moras[-1] = (onset + palatal, _GLIDES[letter])
        elif letter in _SMALL_VOWELS and last in _MORAS and letter != last:
            vowel = _SMALL_VOWELS[letter]
            onset = _BEFORE_VOWELS.get(last, _MORAS[last][0])
            palatal = "ʲ" if vowel == "i" and onset in _PALATALISED else ""
            moras[-1] = (onset + palatal, vowel)
        elif letter in _SMALL_VOWELS or letter in _GLIDES:
            moras.append(("", _SMALL_VOWELS.get(letter) or _GLIDES[letter]))
        elif letter in _MORAS:
            moras.append(_MORAS[letter])
        elif letter in "ッンー":
            moras.append((letter, ""))
        else:
            continue
        last = letter
    after = [*moras[1:], ("", "")][: len(moras)]
    return "".join(
        _special(onset, following) if not vowel else onset + vowel
        for (onset, vowel), (following, _) in zip(moras, after, strict=True)
    )


def _special(kana: str, following: str) -> str:
    """The nasal takes the place of what follows in its word."""
    if kana != "ン":
        return "ʔ" if kana == "ッ" else "ː"
    if following.startswith(_AFFRICATES):
        return "ɴ"
    if following.startswith(("m", "p", "b")):
        return "m"
    if following.startswith(("k", "ɡ")):
        return "ŋ"
    if following.startswith(_PALATALS):
        return "ɲ"
    return "n" if following.startswith(("n", "t", "d", "ɾ", "z")) else "ɴ"


def _open_jtalk() -> ModuleType:
    try:
        import pyopenjtalk
    except ImportError as error:
        raise DependencyError(
            "Japanese is read by the package pyopenjtalk-plus, which is not installed",
            'pip install "hiervox[ja]"',
        ) from error
    module: ModuleType = pyopenjtalk
    return module


LANGUAGE = Language("ja", normalize=normalize, phonemize=phonemize, longest_sentence=100)
