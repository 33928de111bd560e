from __future__ import annotations

import random
import re
import time

import pytest

from hiervox.processors.text.normalization import normalize_text
from tests.conftest import REPOSITORY

ROW = re.compile(r"^\| `(.+?)` \| ([^`]+) \|$", re.MULTILINE)


def documented() -> list[tuple[str, str]]:
    page = (REPOSITORY / "docs" / "concepts" / "text.md").read_text(encoding="utf-8")
    table = page[page.index("| written | spoken |") :].split("\n\n")[0]
    return ROW.findall(table)


def test_the_documented_table_is_read_whole() -> None:
    assert len(documented()) == 16


@pytest.mark.parametrize(("written", "spoken"), documented())
def test_readings_are_as_documented(written: str, spoken: str) -> None:
    assert normalize_text(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("I have 5.", "I have five."),
        (".5 and 0.50", "zero point five and zero point five zero"),
        ("1\u202f000\u202f000", "one million"),
        ("٣ and ５", "three and five"),
        ("1111111122222222", " ".join(["one"] * 8 + ["two"] * 8)),
        ("the 3RD and 1,000th", "the third and one thousandth"),
        ("since 2001", "since two thousand one"),
        ("44 BC, 1066 AD", "forty-four B-C, ten sixty-six A-D"),
        ("2010 was, 1500 people", "twenty ten was, one thousand five hundred people"),
        ("the '80s, in her 30s, 30s later", "the eighties, in her thirties, thirty seconds later"),
        ("31/12/2026", "December thirty-first, twenty twenty-six"),
        ("25.12.2026", "December twenty-fifth, twenty twenty-six"),
        ("1/2/99", "January second, nineteen ninety-nine"),
        ("Nov 3-5, 2020", "November third to fifth, twenty twenty"),
        ("the 3rd of June", "the third of June"),
        ("2026-13-45", "two zero two six, one three, four five"),
        ("12:00, 13:00", "twelve o'clock, thirteen hundred"),
        ("7pm–9pm", "seven p-m to nine p-m"),
        ("at 9 p.m. We left at 9 a.m. sharp", "at nine p-m. We left at nine a-m sharp"),
        ("$1, $0.99, $1.505", "one dollar, ninety-nine cents, one point five zero five dollars"),
        ("-$5 and $-5", "minus five dollars and minus five dollars"),
        ("US$5.50, 20 EUR, USD 30", "five U-S dollars and fifty cents, twenty euros, thirty dollars"),
        ("a $2 million deal, an 8 km run", "a two million dollar deal, an eight kilometer run"),
        ("a $20 T-shirt, £3 bn, $5k", "a twenty dollar T-shirt, three billion pounds, five thousand dollars"),
        ("3 1/2 km, 1/2 tsp, 3/8", "three and a half kilometers, one half teaspoon, three eighths"),
        ("30,000 ft. at noon", "thirty thousand feet at noon"),
        ("in 1066, 1066", "in ten sixty-six, one thousand sixty-six"),
        ("by 31 Dec. Then", "by the thirty-first of December. Then"),
        ("Mr. & Mrs. Lee", "Mister and Missus Lee"),
        ("4x100m", "four by one hundred meters"),
        ("1. Milk\n2) Bread", "one: Milk\ntwo: Bread"),
        ("Call 911 ext. 5", "Call nine one one extension five"),
        ("50¢", "fifty cents"),
        ("5%-10%", "five to ten percent"),
        ("1 kg, 0.5 km, 5'10\"", "one kilogram, zero point five kilometers, five feet ten"),
        ("a 5-km run, a 10-year-old", "a five kilometer run, a ten-year-old"),
        ("10 in. long", "ten inches long"),
        ("24/7, 8/17", "twenty-four seven, eight over seventeen"),
        ("3-2", "three to two"),
        ("16:9 at 1920x1080", "sixteen to nine at nineteen twenty by ten eighty"),
        ("3 + 4 = 7, 10^-6, 1e5", "three plus four equals seven, ten to the power of minus six, "
         "one times ten to the power of five"),
        ("~5, <5, ±3, 10+", "about five, less than five, plus or minus three, ten plus"),
        ("555-1234", "five five five, one two three four"),
        ("02110-1301", "zero two one one zero, one three zero one"),
        ("192.168.0.1", "one hundred ninety-two point one hundred sixty-eight point zero point one"),
        ("MP3, B2B, v2.1, 1.5x", "M-P-three, B-two-B, v-two-point-one, one-point-five-x"),
        ("on Elm St. Then, 12 Main St. in", "on Elm Street. Then, twelve Main Street in"),
        ("123 Oak Dr. Dr. Lee", "one hundred twenty-three Oak Drive. Doctor Lee"),
        ("MR. SMITH, Mr Smith", "Mister SMITH, Mister Smith"),
        ("He ate pears, etc. Then, etc. and", "He ate pears, et cetera. Then, et cetera and"),
        ("No. I won't.", "No. I won't."),
        ("Act I, Type C, Step I took", "Act one, Type C, Step I took"),
        ("Chapter LIVE, Chapter C", "Chapter LIVE, Chapter C"),
        ("John V. Lee, David L Roe, Henry V was", "John V. Lee, David L Roe, Henry the fifth was"),
        ("Louis XIV's, Elizabeth I think, MIX, I am", "Louis the fourteenth's, Elizabeth I think, MIX, I am"),
        ("a &notice; &#65;", "a and notice; A"),
        ("10⁻⁶ 10² CO₂ x²", "ten to the power of minus six ten squared C-O-two x squared"),
        ("AD 79", "A-D seventy-nine"),
        ("AT&amp;T &lt;3", "A-T-and-T less than three"),
        ("(www.example.com).", "(www dot example dot com)."),
        ("3 [[θɹˈiː 3]] 3", "three [[θɹˈiː 3]] three"),
    ],
)  # fmt: skip
def test_readings(written: str, spoken: str) -> None:
    assert normalize_text(written) == spoken


def test_english_of_other_places() -> None:
    assert normalize_text("3/4/2026", "en-gb") == "the third of April, twenty twenty-six"
    assert normalize_text("3/4/2026", "en-us") == "March fourth, twenty twenty-six"
    assert normalize_text("103", "en-gb") == "one hundred and three"


def test_other_languages_stay_as_they_are() -> None:
    text = "Am 3. Mai um 9:30 Uhr, 5 km, 3,50 €, z.B. & [[ja]]"
    assert normalize_text(text, "de") == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Plain words, and nothing else: isn't it -- well… “so”?",
        "I am in the U.S.A. and the FBI; C#, #hashtag, a/b, and/or, node.js.",
        "In May he may march in March.",
        "Line one\nline two\n\n\tpara",
    ],
)
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert normalize_text(text) == text


def test_a_second_time_changes_nothing() -> None:
    once = [spoken for _, spoken in documented()]
    assert [normalize_text(text) for text in once] == once


@pytest.mark.parametrize(
    "unit",
    ["1", "1,", "1.", "1-", "1/", "1:", "$", "$1", "1 ", "#1", "A-1", "a1", "-", ".", "(1", "1a.", "+1 ", "http://",
     "www.", "a@", "I ", "XVI", "Dr. ", "Main St. ", "&amp;", "[[", "\n", "1\n"],
)  # fmt: skip
def test_rows_of_one_thing_are_quick_and_leave_no_digit(unit: str) -> None:
    begin = time.perf_counter()
    spoken = normalize_text(unit * (20_000 // len(unit)))
    assert time.perf_counter() - begin < 5
    assert not re.search("[0-9]", spoken)


@pytest.mark.parametrize("seed", range(20))
def test_any_mixture_is_read_without_a_digit_left(seed: int) -> None:
    rng = random.Random(seed)
    parts = [
        *"0123456789.,:/-–+$€%°#&'\"()[]^=<>~@ \n", "12", "1999", "1,234", "00", "km", "m", "am",
        "p.m.", "th", "Jan", "May ", "St. ", "Dr. ", "No. ", "IV", "X ", "http://", ".com", "½", "²",
        "⁻", "£", "m ", "AD", "BC", "a ", "word ", "&amp;", "[[a1]]", "₂", "٣", "x", "e",
    ]  # fmt: skip
    for _ in range(300):
        text = "".join(rng.choices(parts, k=rng.randrange(1, 25)))
        spoken = re.sub(r"\[\[a1\]\]", "", normalize_text(text))
        assert not re.search("[0-9]", spoken), text
