from __future__ import annotations

import logging
import random
import re
import time

import pytest

from hiervox.processors.text import Span, TextFrontend, Utterance, normalize_text, read_script
from hiervox.processors.text.markup import PARAGRAPH_PAUSE
from hiervox.utils.errors import ConfigError, TextError

SENTENCES = (
    "Dr. Smith paid $3.50 for 2 lbs of apples on March 3rd, 2021, at 9:30 p.m.",
    "It rained.",
    "However long the way may be (and it was long), one walks it step by step; nobody complains, "
    "nobody stops, and in the end, when the sun has gone down behind the last of the hills, everybody is "
    "glad to be home again.",
    "Is 10% of 1,250 km/h enough?",
    '"No," she said, "that isn\'t what www.example.com says!"',
)


@pytest.fixture(scope="module")
def frontend() -> TextFrontend:
    return TextFrontend()


def words_of(count: int, seed: int = 0) -> str:
    rng = random.Random(seed)
    words: list[str] = []
    while len(words) < count:
        words += rng.choice(SENTENCES).split()
    return " ".join(words[:count])


def test_plain_text() -> None:
    assert read_script("It costs $5. Dr. No came.\n\nBye!") == [
        Utterance((Span("It costs five dollars."),), None),
        Utterance((Span("Doctor No came."),), PARAGRAPH_PAUSE),
        Utterance((Span("Bye!"),), None),
    ]


def test_other_languages_keep_their_numbers() -> None:
    assert [each.text for each in read_script("Am 3. Mai um 5. Ja?", "de")] == ["Am 3. Mai um 5.", "Ja?"]


def test_spans_of_ssml() -> None:
    script = read_script(
        '<speak>Hello <prosody rate="2">my <prosody pitch="+2st">5</prosody> friends. How</prosody> are\n '
        'you?<break time="500ms"/> Fine.</speak>'
    )
    assert script == [
        Utterance((Span("Hello "), Span("my ", 2.0), Span("five", 2.0, 2.0), Span(" friends.", 2.0)), None),
        Utterance((Span("How", 2.0), Span(" are you?")), 0.5),
        Utterance((Span("Fine."),), None),
    ]
    assert script[0].text == "Hello my five friends."


def test_spans_that_are_spoken_alike_are_one() -> None:
    (utterance,) = read_script(
        '<speak>a <prosody rate="100%">b</prosody> <prosody rate="2">c</prosody>'
        '<prosody rate="200%"> d</prosody></speak>'
    )
    assert utterance.spans == (Span("a b "), Span("c d", 2.0))


def test_a_span_without_sound_is_part_of_its_neighbour() -> None:
    (utterance,) = read_script('<speak>“<prosody rate="2">Hello</prosody>”!</speak>')
    assert utterance.spans == (Span("“Hello”!", 2.0),)


def test_a_sentence_in_ssml_stays_whole_up_to_the_limit() -> None:
    text = "<speak><s>One. Two.</s><s>" + "three, " * 40 + "</s></speak>"
    first, *others = read_script(text, limit=100)
    assert first.text == "One. Two." and len(others) == 3


def test_phonemes_are_not_normalised_and_sub_is() -> None:
    (utterance,) = read_script(
        '<speak><phoneme alphabet="ipa" ph="a5">x</phoneme> <sub alias="6">y</sub></speak>'
    )
    assert utterance.text == "[[a5]] six"


def test_what_is_silent_joins_and_pauses_add_up() -> None:
    assert read_script("😀\n\nHi.\n\n***\n\nBye.") == [
        Utterance((Span("😀 Hi. ***"),), pytest.approx(3 * PARAGRAPH_PAUSE)),
        Utterance((Span("Bye."),), None),
    ]
    first, second = read_script('<speak>a <break time="1s"/>–<break time="1s"/> b</speak>')
    assert (first.text, first.pause_after, second.text) == ("a –", 2.0, "b")


@pytest.mark.parametrize(
    "text", ["", "  \n\n ", "😀😀", "...", "—", "\u200b", "\x00", "<speak/>", "<speak>…</speak>"]
)
def test_nothing_to_speak(text: str) -> None:
    with pytest.raises(TextError, match="nothing to speak"):
        read_script(text)


def test_a_limit_of_nothing() -> None:
    with pytest.raises(ConfigError, match="limit"):
        read_script("Hi.", limit=0)


@pytest.mark.parametrize("count", [1, 2, 10, 100, 1000, 5000])
def test_any_length_is_spoken_whole(count: int, frontend: TextFrontend) -> None:
    text = words_of(count)
    begin = time.perf_counter()
    script = read_script(text)
    assert time.perf_counter() - begin < 5
    words = re.compile(r"\w+")
    assert words.findall(" ".join(each.text for each in script)) == words.findall(normalize_text(text))
    assert max(len(each.text) for each in script) <= 200
    for each in script:
        letters = sum(char.isalpha() for char in each.text)
        assert sum(char.isalpha() for char in frontend.phonemes(each.text)) > letters / 2


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("Hi 😀👨\u200d👩\u200d👧 there 🇺🇸", "hˈaɪ ðˈɛɹ"),
        ("😀" * 5000 + " Yes.", "jˈɛs."),
        ("\u202ehello שלום\u202c", "həlˈoʊ"),
        ("he\u200bllo wor\u200dld\ufeff", "həlˈoʊ wˈɜːld"),
        ("yes\x00 \x07no\x1b", "jˈɛs nˈoʊ"),
        ("Привет hello 你好", "həlˈoʊ"),
        ("&lt;Hello&gt; &amp; &#104;i", "həlˈoʊ ænd hˈaɪ"),
        ("Ｈｅｌｌｏ 𝓗𝓮𝓵𝓵𝓸", "həlˈoʊ həlˈoʊ"),
        ("h\u0301\u0323e\u0301llo", "həlˈoʊ"),
        ("%", "pɚsˈɛnt"),
        ("``hello''; ${me}", "həlˈoʊ; dˈɑːlɚmˈiː"),
    ],
)  # fmt: skip
def test_odd_texts_are_spoken(text: str, heard: str, frontend: TextFrontend) -> None:
    assert " ".join(frontend.phonemes(each.text) for each in read_script(text)) == heard


@pytest.mark.parametrize("unit", ["x", "ha", "ha ", "9", "a.", "Hello.", "x-", "[[a]]", "٣ ", "é", "A. "])
def test_ten_thousand_characters_of_one_thing_are_spoken_whole(unit: str, frontend: TextFrontend) -> None:
    text = unit * (10_000 // len(unit))
    begin = time.perf_counter()
    script = read_script(text)
    for each in script:
        frontend.phonemes(each.text)
    assert time.perf_counter() - begin < 20
    assert "".join("".join(each.text.split()) for each in script) == "".join(normalize_text(text).split())


@pytest.mark.parametrize("text", ["[[həlˈoʊ", "a ]] b", "你好", "[[]]"])
def test_what_the_front_end_refuses_is_left_to_it(text: str, frontend: TextFrontend) -> None:
    with pytest.raises(TextError):
        for each in read_script(text):
            frontend.phonemes(each.text)


def test_half_characters_and_endless_ipa_are_refused() -> None:
    with pytest.raises(TextError, match=r"half a character \(U\+DCE9\)"):
        read_script("caf\udce9 au lait")
    with pytest.raises(TextError, match="has 5004 symbols"):
        read_script(f"Say [[{'a' * 5000}]] now.")
    with pytest.raises(TextError, match=r"<phoneme> has 5000 symbols \(line 1, column 8\)"):
        read_script(f'<speak><phoneme alphabet="ipa" ph="{"a" * 5000}">x</phoneme></speak>')


@pytest.mark.parametrize(
    "text", ["<SPEAK>Hello.</SPEAK>", "<ss:speak>Hello.</ss:speak>", "<Speak version='1.0'>Hi.</Speak>"]
)
def test_other_spellings_of_speak_are_not_read_aloud(text: str) -> None:
    with pytest.raises(TextError, match="speak"):
        read_script(text)


def test_runs_of_marks_links_and_dashes_become_what_is_spoken() -> None:
    (one,) = read_script("Well" + "!" * 5000)
    assert one.text == "Well!"
    (one,) = read_script("See [the page](https://example.org) (it is short) - now [[ˈaʊ-t]].")
    assert one.text == "See the page, it is short, now [[ˈaʊ-t]]."


def test_another_language_and_markup_are_said(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("hiervox")
    logger.addHandler(caplog.handler)
    read_script("**Das** ist nicht die Sprache, die ich mit dem Modell sprechen wollte, und das ist klar.")
    logger.removeHandler(caplog.handler)
    assert "seems to hold Markdown" in caplog.text
    assert "seems to be in de, and is spoken as en-us" in caplog.text


def test_lines_name_voices_until_the_next_one() -> None:
    text = "First. [voice: x] is read.\n  [Voice: anna] Second. Third.\n\nFourth.\n[voice:]\nFifth."
    found = [(utterance.voice, utterance.text) for utterance in read_script(text)]
    assert [voice for voice, _ in found] == [None, None, "anna", "anna", "anna", None]
    assert [text for _, text in found[2:]] == ["Second.", "Third.", "Fourth.", "Fifth."]


def test_marks_stay_before_their_words() -> None:
    text = "<speak>One two.<mark name='a'/> Three <mark name='b'/><mark name='c'/>four. Five.</speak>"
    utterances = read_script(text)
    marked = [(span.text.strip(), span.marks) for utterance in utterances for span in utterance.spans]
    assert marked == [("One two.", ()), ("Three", ("a",)), ("four.", ("b", "c")), ("Five.", ())]
