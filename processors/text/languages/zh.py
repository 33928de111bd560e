"""Mandarin: words by rjieba, pinyin by pypinyin (`pip install "hiervox[zh]"`), with tone sandhi, as IPA.

The IPA is that of Duanmu, "The Phonology of Standard Chinese" (2007), and Lin, "The Sounds of Chinese"
(2007); an arrow behind the vowel is the tone: → high, ↗ rising, ↓ low, ↘ falling, none neutral.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import ModuleType

from hiervox.processors.text.languages import Language
from hiervox.processors.text.phonemes import phonemize as espeak
from hiervox.utils.errors import DependencyError

ENGLISH = "en-us"
"""What letters are read in."""
_INITIALS_AND_IPA = """
    b p  p pʰ  m m  f f  d t  t tʰ  n n  l l  g k  k kʰ  h x  j tɕ  q tɕʰ  x ɕ  zh ʈʂ  ch ʈʂʰ  sh ʂ  r ɻ
    z ts  c tsʰ  s s
"""
_FINALS_AND_IPA = """
    a a_  ai ai_  an a_n  ang a_ŋ  ao au_  e ɤ_  ei ei_  en ə_n  eng ə_ŋ  er ɚ_  ê ɛ_
    i i_  ia ja_  ian jɛ_n  iang ja_ŋ  iao jau_  ie je_  in i_n  ing i_ŋ  io jɔ_  iong jʊ_ŋ  iou jou_
    o wo_  ong ʊ_ŋ  ou ou_  u u_  ua wa_  uai wai_  uan wa_n  uang wa_ŋ  uei wei_  uen wə_n  ueng wə_ŋ  uo wo_
    ü y_  üan ɥɛ_n  üe ɥe_  ün y_n
"""
"""The tone stands in the place of the underscore."""
_INITIALS, _FINALS = (
    dict(zip(table.split()[::2], table.split()[1::2], strict=True))
    for table in (_INITIALS_AND_IPA, _FINALS_AND_IPA)
)
_WHOLE = {"m": "m_", "n": "n_", "ng": "ŋ_", "hm": "hm_", "hng": "hŋ_", "o": "ɔ_"}
"""Interjections."""
_APICAL = frozenset(("zh", "ch", "sh", "r", "z", "c", "s"))
_TONES = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": ""}

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f"
_SEGMENT = re.compile(rf"[{_HAN}]+|[A-Za-z][A-Za-z' -]*|[^{_HAN}A-Za-z]+")
_IS_HAN = re.compile(f"[{_HAN}]")
_TO_MARKS = str.maketrans(
    {"、": ", ", "，": ", ", "。": ". ", "．": ". ", "！": "! ", "：": ": ", "；": "; ", "？": "? "}
    | {"（": " (", "）": ") ", "～": "—", "·": " "}
    | dict.fromkeys("«《〈「『【", " “")
    | dict.fromkeys("»》〉」』】", "” ")
)
_BEFORE_MARK = re.compile(r"\s+(?=[,.!?:;…”)])")

_DIGITS = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")
_MYRIADS = ("", "万", "亿", "万亿")
_COUNTED = "个位次天条只张本块件家名杯岁点种遍小分倍辆座层间部台页"
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_DATE = re.compile(r"(?<!\d)(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)")
_YEAR = re.compile(r"(?<![\d.,])(\d{4})(?=年)")
_TIME = re.compile(r"(?<![\d:])(\d{1,2}):(\d{2})(?![\d:])")
_MONEY = re.compile(rf"([¥￥$€])\s?({_NUMBER})([万亿]?)")
_CURRENCIES = {"¥": "元", "￥": "元", "$": "美元", "€": "欧元"}
_PERCENT = re.compile(rf"({_NUMBER})\s?[%％]")
_RANGE = re.compile(r"(?<![\d.-])([1-9]\d{0,3})\s?[-–~～]\s?(?=[1-9]\d{0,3}(?![\d.-]))")
_MINUS = re.compile(r"(?<![\w.)])[-−](?=\d)")
_PAIR = re.compile(rf"(?<![\d.,])2(?=[{_COUNTED}])")
_ANY = re.compile(_NUMBER)
LONGEST_NUMBER = 12
"""Digits; of more, and of those that begin with 0, each is read."""


def normalize(text: str, language: str) -> str:
    """Numbers, dates, times, money and percentages in words: `2026-11-25` as `二零二六年十一月二十五日`."""
    text = _DATE.sub(lambda match: f"{match[1]}年{int(match[2])}月{int(match[3])}日", text)
    text = _YEAR.sub(lambda match: _one_by_one(match[1]), text)
    text = _TIME.sub(_time, text)
    text = _MONEY.sub(lambda match: match[2] + match[3] + _CURRENCIES[match[1]], text)
    text = _PERCENT.sub(lambda match: f"百分之{match[1]}", text)
    text = _MINUS.sub("负", _RANGE.sub(r"\1到", text))
    return _ANY.sub(lambda match: _number(match[0]), _PAIR.sub("两", text))


def _time(match: re.Match[str]) -> str:
    hours, minutes = int(match[1]), match[2]
    spoken = "整" if minutes == "00" else f"{'零' if minutes[0] == '0' else ''}{int(minutes)}分"
    return f"{hours}点{spoken}"


def _one_by_one(digits: str) -> str:
    return "".join(_DIGITS[int(digit)] for digit in digits)


def _number(written: str) -> str:
    whole, _, decimals = written.replace(",", "").partition(".")
    begins_with_zero = len(whole) > 1 and whole[0] == "0"
    spoken = _one_by_one(whole) if begins_with_zero or len(whole) > LONGEST_NUMBER else cardinal(int(whole))
    return f"{spoken}点{_one_by_one(decimals)}" if decimals else spoken


def cardinal(value: int) -> str:
    """A number in words: 10050 is `一万零五十`."""
    if value == 0:
        return _DIGITS[0]
    parts: list[str] = []
    for power, unit in reversed(list(enumerate(_MYRIADS))):
        group = value // 10_000**power % 10_000
        if group:
            gap = bool(parts) and (group < 1000 or value // 10_000 ** (power + 1) % 10_000 == 0)
            parts.append(("零" if gap else "") + _below_a_myriad(group) + unit)
    spoken = "".join(parts)
    return spoken.removeprefix("一") if spoken.startswith("一十") else spoken


def _below_a_myriad(value: int) -> str:
    spoken, gap = "", False
    for power in (3, 2, 1, 0):
        digit = value // 10**power % 10
        if digit:
            spoken += ("零" if gap else "") + _DIGITS[digit] + _UNITS[power]
            gap = False
        else:
            gap = bool(spoken)
    return spoken


def phonemize(text: str, language: str) -> str:
    """IPA of a text, words apart; letters are read in English.

    Raises:
        DependencyError: pypinyin or rjieba is not installed.
    """
    parts: list[str] = []
    for segment in _SEGMENT.findall(text):
        if _IS_HAN.match(segment):
            words = syllables(segment)
            parts.append(" ".join("".join(map(syllable_to_ipa, word)) for word in words))
        elif segment[0].isalpha():
            parts.append(f" {espeak(segment.strip(), ENGLISH)} ")
        else:
            parts.append(segment.translate(_TO_MARKS))
    return _BEFORE_MARK.sub("", " ".join("".join(parts).split()))


def syllables(text: str) -> list[list[str]]:
    """Chinese characters in words of pinyin with tones behind it (`hao3`), after sandhi."""
    jieba, pypinyin = _packages()
    words = [word for word in jieba.cut(text) if word.strip()]
    read = [
        pypinyin.lazy_pinyin(
            word, style=pypinyin.Style.TONE3, neutral_tone_with_five=True, errors="ignore", v_to_u=True
        )
        for word in words
    ]
    tones = _after_sandhi("".join(words), [syllable for word in read for syllable in word])
    return [[next(tones) for _ in word] for word in read]


def _after_sandhi(characters: str, pinyin: Sequence[str]) -> Iterator[str]:
    """Of 一, 不 and third tones: the last of two is low and the one before it rises, from right to left."""
    tones = [syllable[-1] for syllable in pinyin]
    if len(characters) == len(pinyin):
        for place, character in enumerate(characters):
            following = tones[place + 1] if place + 1 < len(tones) else ""
            if character == "不":
                tones[place] = "2" if following == "4" else "4"
            elif character == "一" and not _is_digit(characters, place):
                tones[place] = {"": "1", "4": "2", "5": "2"}.get(following, "4")
    for place in reversed(range(len(tones) - 1)):
        if tones[place] == tones[place + 1] == "3":
            tones[place] = "2"
    return (syllable[:-1] + tone for syllable, tone in zip(pinyin, tones, strict=True))


def _is_digit(characters: str, place: int) -> bool:
    """Whether 一 is an ordinal, or one of a number's digits: 第一, 十一, 一月."""
    before, after = characters[:place][-1:], characters[place + 1 : place + 2]
    return before in set("第十初点" + _DIGITS) or after in set("月号日点" + _DIGITS)


def syllable_to_ipa(pinyin: str) -> str:
    """IPA of a syllable with its tone behind it, `zhong1`."""
    from pypinyin.contrib.tone_convert import to_finals, to_initials

    spelled, tone = pinyin[:-1], _TONES[pinyin[-1]]
    if spelled in _WHOLE:
        return _WHOLE[spelled].replace("_", tone)
    initial = to_initials(spelled, strict=True)
    final = to_finals(spelled, strict=True, v_to_u=True)
    if initial in _APICAL and final == "i":
        return f"{_INITIALS[initial]}ɨ{tone}"
    return _INITIALS.get(initial, "") + _FINALS[final].replace("_", tone)


def _packages() -> tuple[ModuleType, ModuleType]:
    try:
        import pypinyin
        import rjieba
    except ImportError as error:
        raise DependencyError(
            f"Mandarin is read by the package {error.name}, which is not installed",
            'pip install "hiervox[zh]"',
        ) from error
    return rjieba, pypinyin


LANGUAGE = Language("zh", normalize=normalize, phonemize=phonemize, longest_sentence=80)
