from __future__ import annotations

import re

import pytest

from hiervox.processors.text.markup import PARAGRAPH_PAUSE, Block, Prosody, Segment, is_markup, read_markup
from hiervox.processors.text.say_as import say_as
from hiervox.utils.errors import TextError
from tests.conftest import REPOSITORY


def read(inner: str) -> list[Block]:
    return read_markup(f"<speak>{inner}</speak>", "en-us")


def prosody(attributes: str) -> Prosody:
    return read(f"<prosody {attributes}>a</prosody>")[0].segments[0].prosody


@pytest.mark.parametrize(
    "text",
    [
        "<speak>",
        " \n<speak a=''>",
        "<speak/>",
        "\ufeff<speak>",
        "<?xml version='1.0'?>",
        "<!DOCTYPE a>",
        "<!-- -->",
    ],
)
def test_markup_is_told_from_text(text: str) -> None:
    assert is_markup(text)


@pytest.mark.parametrize("text", ["", "speak", "<speaker>", "a <speak>", "<speak", "<p>", "< speak>"])
def test_text_is_told_from_markup(text: str) -> None:
    assert not is_markup(text)


def test_paragraphs_and_sentences() -> None:
    blocks = read("Zero. <p><s>One.</s> <s>Two</s></p> <p>Three.</p>")
    assert [
        ("".join(each.text for each in block.segments), block.whole, block.pause_after) for block in blocks
    ] == [
        ("Zero. ", False, None),
        ("One.", True, None),
        ("Two", True, PARAGRAPH_PAUSE),
        ("Three.", False, None),
    ]


@pytest.mark.parametrize(
    ("tags", "seconds"),
    [
        ('<break time="500ms"/>', 0.5),
        ('<break time="0.5s"/>', 0.5),
        ('<break time="0s"/>', 0.0),
        ("<break/>", 0.4),
        ('<break strength="x-strong"/>', 1.2),
        ('<break time="1s" strength="none"/>', 1.0),
        ('<break time="1s"/> <break time="2s"></break>', 3.0),
    ],
)
def test_breaks(tags: str, seconds: float) -> None:
    first, second = read(f"One {tags} two")
    assert first.pause_after == pytest.approx(seconds) and second.pause_after is None


def test_a_break_after_a_paragraph_is_its_pause() -> None:
    assert [block.pause_after for block in read('<p>a</p><break time="2s"/><p>b</p>')] == [2.0, None]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('rate="slow"', Prosody(rate=0.75)),
        ('rate="120%"', Prosody(rate=1.2)),
        ('rate="1.2"', Prosody(rate=1.2)),
        ('rate="+20%"', Prosody(rate=1.2)),
        ('rate="-20%"', Prosody(rate=0.8)),
        ('pitch="+2st"', Prosody(semitones=2.0)),
        ('pitch="-1.5st"', Prosody(semitones=-1.5)),
        ('pitch="high"', Prosody(semitones=3.0)),
        ('pitch="+100%"', Prosody(semitones=12.0)),
        ('range="50%"', Prosody(pitch_range=0.5)),
        ('range="x-low"', Prosody(pitch_range=0.0)),
        ('rate="default" pitch="medium" range="default"', Prosody()),
    ],
)
def test_prosody(attributes: str, expected: Prosody) -> None:
    assert prosody(attributes) == expected


def test_nested_prosody_multiplies_and_ends() -> None:
    inner = '<prosody rate="0.5" pitch="+1st" range="2">b</prosody>'
    (block,) = read(f'<prosody rate="2" pitch="+2st" range="2">a{inner}c</prosody>d')
    outer = Prosody(2.0, 2.0, 2.0)
    assert [each.prosody for each in block.segments] == [outer, Prosody(1.0, 3.0, 4.0), outer, Prosody()]


def test_phoneme_and_sub() -> None:
    (block,) = read('a<phoneme alphabet="ipa" ph="ˈoʊ">x 5</phoneme><sub alias="b 6">y</sub>')
    assert block.segments == (Segment("a"), Segment("[[ˈoʊ]]", literal=True), Segment("b 6"))


def test_entities_of_xml_comments_and_declaration() -> None:
    blocks = read_markup(
        '\n<?xml version="1.0" encoding="UTF-8"?>\n<speak version="1.1" xml:lang="en-US"'
        ' xmlns="http://www.w3.org/2001/10/synthesis">a &amp; b &#x41;<!-- c --><![CDATA[ <d>]]></speak>',
        "en-us",
    )
    assert "".join(each.text for each in blocks[0].segments) == "a & b A <d>"


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        ("a <audio>b</audio>", r"<audio> is not .* \(line 1, column 10\): use speak, p, s, break"),
        ("a\n\n <w>x</w>", r"<w> is not .* \(line 3, column 2\)"),
        ('<prosody volume="loud">b</prosody>', "<prosody> takes no attribute 'volume'.*rate, pitch, range"),
        ('<p class="x">b</p>', "<p> takes no attribute 'class'.*it takes none"),
        ('<prosody rate="quick">b</prosody>', "<prosody> can't have rate='quick'.*x-slow, slow"),
        ('<prosody rate="-2">b</prosody>', "<prosody> can't have rate='-2'"),
        ('<prosody rate="1e9">b</prosody>', "<prosody> can't have rate='1e9'"),
        ('<prosody rate="0">b</prosody>', "rate of 0 .*: stay within 0.1 to 10"),
        ('<prosody rate="4"><prosody rate="4">b</prosody></prosody>', "rate of 16 "),
        ('<prosody pitch="200Hz">b</prosody>', "<prosody> can't have pitch='200Hz'"),
        ('<prosody pitch="-100%">b</prosody>', "stay above -100%"),
        ('<prosody pitch="+25st">b</prosody>', "pitch of 25 semitones.*-24 to 24 semitones"),
        ('<prosody range="6">b</prosody>', "range of 6 "),
        ('a<break time="5"/>', "<break> can't have time='5'.*500ms"),
        ('a<break time="-5s"/>', "<break> can't have time='-5s'"),
        ('a<break time="61s"/>', "pause of 61 s is too long"),
        ('a<break time="40s"/><break time="40s"/>', "pause of 80 s is too long"),
        ('a<break strength="loud"/>', "<break> can't have strength='loud'.*none, x-weak"),
        ("a<break>b</break>", "<break> holds text"),
        ("a<break><s>b</s></break>", "<s> stands in <break>"),
        ("<break/>a", "<break> stands before any text"),
        ("<phoneme>b</phoneme>", "<phoneme> lacks its attribute 'alphabet'"),
        ('<phoneme alphabet="ipa" ph=" ">b</phoneme>', "<phoneme> lacks its attribute 'ph'"),
        ('<phoneme alphabet="x-sampa" ph="b">b</phoneme>', "alphabet='x-sampa'"),
        ('<phoneme alphabet="ipa" ph="[[b]]">b</phoneme>', "without brackets"),
        ("<sub>b</sub>", "<sub> lacks its attribute 'alias'"),
        ('<sub alias="b"><s>c</s></sub>', "<s> stands in <sub>"),
        ("<p>a<p>b</p></p>", "<p> stands in a <p>"),
        ("<s>a<s>b</s></s>", "<s> stands in a <p> or <s>"),
        ("<speak>a</speak>", "<speak> stands within another tag"),
        ("a & b", "not well-formed XML .*&amp; for &"),
        ("<p>a", "not well-formed XML"),
        ("&nbsp;", "not well-formed XML .undefined entity"),
        ("\x00", "not well-formed XML"),
        ("a\ud800", r"half a character \(U\+D800\)"),
        ("a<mark name='x'/>", "<mark> 'x' stands behind all text"),
        ("<mark name='x'>b</mark>a", "<mark> holds text .*write <mark/>"),
        ("<emphasis level='big'>a</emphasis>", "level='big'.*use strong, moderate"),
        ("<voice gender='female'>a</voice>", "<voice> takes no attribute 'gender'"),
        ("<say-as interpret-as='time'>1</say-as>", "interpret-as='time'.*use characters, spell-out"),
        ("<say-as interpret-as='ordinal'>x</say-as>", r"'x' can't be said as ordinal \(line 1"),
        ("<say-as interpret-as='date'>1/2</say-as>", "add format, mdy"),
        ("<say-as interpret-as='date' format='mdy'>13/1/2020</say-as>", "a month of 1 to 12"),
        ("<?php x?>a", r"processing instruction <\?php\?>"),
    ],
)  # fmt: skip
def test_anything_else_is_an_error_that_names_it(inner: str, message: str) -> None:
    with pytest.raises(TextError, match=message) as caught:
        read(inner)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ('<speak version="2.0">a</speak>', "version='2.0'"),
        ('<speak xmlns="http://example.com">a</speak>', "xmlns='http://example.com'"),
        ('<speak xml:lang="de">a</speak>', "xml:lang='de'.*spoken in en-us"),
        ('<speak onload="x">a</speak>', "<speak> takes no attribute 'onload'"),
        ("<speak>a</speak> b", "not well-formed XML"),
        ("<?xml version='1.0'?><html>a</html>", "<html> is not of the SSML"),
        ("<?xml version='1.0'?><p>a</p>", "<p> stands outside <speak>"),
        ('<!DOCTYPE speak SYSTEM "file:///etc/passwd"><speak>a</speak>', "<!DOCTYPE>"),
        ('<!DOCTYPE speak [<!ENTITY a "b">]><speak>&a;</speak>', "<!DOCTYPE>"),
    ],
)
def test_documents_that_are_refused(document: str, message: str) -> None:
    with pytest.raises(TextError, match=message):
        read_markup(document, "en-us")


def test_the_documented_errors() -> None:
    page = (REPOSITORY / "docs" / "concepts" / "text.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(.+)` \| `(.+)` \|$", page[page.index("| written | error |") :], re.MULTILINE)
    assert len(rows) == 5
    for written, error in rows:
        document = written if written.startswith("<!") else f"<speak>{written}</speak>"
        with pytest.raises(TextError) as caught:
            read_markup(document, "en-us")
        assert str(caught.value) == error


def test_emphasis_voices_languages_and_marks() -> None:
    text = "<speak>a <emphasis level='strong'>b</emphasis><mark name='m'/> c<voice name='x'>d</voice> e "
    blocks = read_markup(text + "<lang xml:lang='it'>f</lang> <lang xml:lang='en'>g</lang></speak>", "en-us")
    assert [block.voice for block in blocks] == [None, "x", None]
    first = blocks[0].segments
    assert [segment.text for segment in first] == ["a ", "b", " ", "c"]
    assert first[1].prosody == Prosody(0.85, 2.0, 1.3) and first[3].prosody == Prosody()
    assert [segment.marks for segment in first] == [(), (), (), ("m",)]
    assert [segment.language for segment in blocks[2].segments] == [None, "it", None, None]


@pytest.mark.parametrize(
    ("kind", "text", "form", "said"),
    [
        ("characters", "aB 1", "", "A, B, one"),
        ("digits", "042", "", "zero four two"),
        ("telephone", "+44 20", "", "plus four four, two zero"),
        ("cardinal", "1,024", "", "one thousand and twenty-four"),
        ("ordinal", "3", "", "third"),
        ("date", "10/11/2012", "mdy", "October 11, 2012"),
        ("date", "11.10.", "dm", "October 11"),
        ("date", "2012-10", "ym", "October 2012"),
    ],
)
def test_say_as(kind: str, text: str, form: str, said: str) -> None:
    assert say_as(kind, text, "en-us", form) == said


def test_say_as_speaks_the_language_of_the_text() -> None:
    assert say_as("ordinal", "3", "it") == "terzo"
    with pytest.raises(TextError, match="no words for numbers in xx"):
        say_as("digits", "3", "xx")
