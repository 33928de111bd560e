"""Korean: numbers in words, and words as they are pronounced, which espeak then reads letter by letter.

What is written by morphemes is pronounced by the Standard Pronunciation (표준 발음법) of the National
Institute of Korean Language; numbers in docstrings are its articles. The rules look at spelling alone: what
depends on a word's parts (`맛없다`, `물난리`) or its Chinese characters (`갈등`) is read as they have it.
"""

from __future__ import annotations

import re

from num2words import num2words

from hiervox.processors.text.languages import Language
from hiervox.processors.text.phonemes import phonemize as espeak

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_MEDIALS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_FIRST = ord("가")
_PAIRS = {
    "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ",
    "ㄾ": "ㄹㅌ", "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ",
}  # fmt: skip
_UNRELEASED = {
    **dict.fromkeys("ㄲㅋㄳㄺ", "ㄱ"), **dict.fromkeys("ㅅㅆㅈㅊㅌㅎ", "ㄷ"), **dict.fromkeys("ㅍㅄㄿ", "ㅂ"),
    **dict.fromkeys("ㄼㄽㄾㅀ", "ㄹ"), "ㄵ": "ㄴ", "ㄶ": "ㄴ", "ㄻ": "ㅁ",
}  # fmt: skip
_TENSE = dict(zip("ㄱㄷㅂㅅㅈ", "ㄲㄸㅃㅆㅉ", strict=True))
_ASPIRATED = dict(zip("ㄱㄷㅂㅈ", "ㅋㅌㅍㅊ", strict=True))
_NASAL = dict(zip("ㄱㄷㅂ", "ㅇㄴㅁ", strict=True))
_NOUNS_IN_LM = ("ㅅㅏㄻ", "ㅇㅏㄻ")
"""`삶` and `앎`, whose particles are not tense."""

_WORD = re.compile("[가-힣]+")
_MONTH = re.compile(r"(?<![\d.,])(6|10)월")
_TENSE_MARK = re.compile(r"(?<=[ptkqsʃʧɕ])-")
"""espeak's, of ㄲ, ㄸ, ㅃ and ㅆ."""
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


def normalize(text: str, language: str) -> str:
    """`1,234년` as `천이백삼십사년`, and `6월` as `유월`."""
    text = _MONTH.sub(lambda match: "유월" if match[1] == "6" else "시월", text)
    return _NUMBER.sub(lambda match: num2words(match[0].replace(",", ""), lang="ko").replace(" ", ""), text)


def pronounced(text: str) -> str:
    """The text in the letters that are pronounced, word by word: `독립문` is `동님문`."""
    return _WORD.sub(lambda match: _pronounced_word(match[0]), text)


def phonemize(text: str, language: str) -> str:
    """espeak's IPA of the text as it is pronounced, in symbols that the published table has.

    Tense consonants have `ʼ`, and the unreleased final ㄷ is t.
    """
    return _TENSE_MARK.sub("ʼ", espeak(pronounced(text), language).replace("d-", "t"))


def _pronounced_word(word: str) -> str:
    syllables = [_letters(syllable) for syllable in word]
    for this, following in zip(syllables, [*syllables[1:], None], strict=True):
        if following is None:
            this[2] = _UNRELEASED.get(this[2], this[2])
        elif this[2] != " ":
            this[2], following[0] = _joined(this, following)
    return "".join(map(_syllable, syllables))


def _letters(syllable: str) -> list[str]:
    """Initial, medial and final; after consonants ㅢ is ㅣ, and ㅕ is ㅓ after ㅈ, ㅉ and ㅊ (5)."""
    initial, rest = divmod(ord(syllable) - _FIRST, len(_MEDIALS) * len(_FINALS))
    medial, final = divmod(rest, len(_FINALS))
    letters = [_INITIALS[initial], _MEDIALS[medial], _FINALS[final]]
    if letters[0] != "ㅇ" and letters[1] == "ㅢ":
        letters[1] = "ㅣ"
    if letters[0] in "ㅈㅉㅊ" and letters[1] == "ㅕ":
        letters[1] = "ㅓ"
    return letters


def _syllable(letters: list[str]) -> str:
    initial, medial, final = letters
    number = _INITIALS.index(initial) * len(_MEDIALS) + _MEDIALS.index(medial)
    return chr(_FIRST + number * len(_FINALS) + _FINALS.index(final))


def _joined(this: list[str], following: list[str]) -> tuple[str, str]:
    """A final and the initial behind it, as they are pronounced."""
    final, initial, front = this[2], following[0], following[1] == "ㅣ"
    kept, last = tuple(_PAIRS.get(final, " " + final))
    if last == "ㅎ":
        return _after_h(kept, initial)
    if initial == "ㅎ":  # 12.1
        if (stop := _UNRELEASED.get(last, last)) in "ㄱㄷㅂ":
            affricate = last in "ㅈㄷ" and (front or last == "ㅈ")  # 17
            return kept, "ㅊ" if affricate else _ASPIRATED[stop]
        return _UNRELEASED.get(final, final), initial
    if initial == "ㅇ":
        if final == "ㅇ":
            return final, initial
        if front and last in "ㄷㅌ":  # 17
            return kept, "ㅈ" if last == "ㄷ" else "ㅊ"
        return kept, "ㅆ" if last == "ㅅ" and kept != " " else last  # 13, 14
    return _assimilated(this, following)


def _after_h(kept: str, initial: str) -> tuple[str, str]:
    """What ㅎ, ㄶ and ㅀ are before an initial (12); `kept` is what stands before ㅎ."""
    if initial in "ㄱㄷㅈ":
        return kept, _ASPIRATED[initial]
    if initial == "ㅅ":
        return kept, "ㅆ"
    if initial == "ㅇ":
        return (" ", kept) if kept != " " else (" ", initial)
    if initial == "ㄴ":
        return ("ㄹ", "ㄹ") if kept == "ㄹ" else ("ㄴ", "ㄴ")
    return (kept if kept != " " else "ㄷ"), initial


def _assimilated(this: list[str], following: list[str]) -> tuple[str, str]:
    """A final before a consonant, which gets tense behind stops.

    Unreleased finals are articles 8 to 11, nasal and lateral ones 18 to 20, tense initials 23 to 25.
    """
    final, initial = this[2], following[0]
    unreleased = _UNRELEASED.get(final, final)
    if "".join(this) == "ㅂㅏㄼ":  # 10
        unreleased = "ㅂ"
    stem_in_lk = final == "ㄺ" and initial == "ㄱ" and following[1] != "ㅘ"  # 11: `맑게`, but `닭과`
    stem = final in "ㄵㄼㄾ" or (final == "ㄻ" and "".join(this) not in _NOUNS_IN_LM)  # 24, 25
    if unreleased in "ㄱㄷㅂ" or stem:
        initial = _TENSE.get(initial, initial)
    if stem_in_lk:
        return "ㄹ", initial
    if initial == "ㄹ" and unreleased in "ㅁㅇㄱㄷㅂ":  # 19
        initial = "ㄴ"
    if initial in "ㄴㅁ":  # 18
        unreleased = _NASAL.get(unreleased, unreleased)
    if (unreleased, initial) in (("ㄴ", "ㄹ"), ("ㄹ", "ㄴ")):  # 20
        return "ㄹ", "ㄹ"
    return unreleased, initial


LANGUAGE = Language("ko", normalize=normalize, phonemize=phonemize)
