"""Places of spoken words in a text, cues, and the sentences that a stream tells."""

from __future__ import annotations

import numpy as np
import pytest

import hiervox
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.subtitles import (
    LINES,
    LONGEST_LINE,
    SentenceTimes,
    cues_of,
    placed_words,
    read_cues,
    subtitles,
    times_of,
)
from hiervox.models.base.pipelines.timestamps import Timed
from hiervox.utils.errors import ConfigError

TWO = "It was <mark name='dark'/>dark. <voice name='willow'>Not for long.</voice>"


def sentence(words: str, begin: float = 0.0) -> SentenceTimes:
    timed = tuple(
        Timed(word, begin + number, begin + number + 1) for number, word in enumerate(words.split())
    )
    return SentenceTimes(words, begin, begin + len(timed), timed)


@pytest.mark.parametrize(
    ("source", "said", "places"),
    [
        ("In 1984, we", "In nineteen eighty-four, we", ["In", "1984,", "1984,", "we"]),
        ("a &lt; b", "a less than b", None),
        ("It's $5 now", "It's five dollars now", ["It's", "$5", "$5", "now"]),
        ("Dr. No", "Doctor No", ["Dr.", "No"]),
        ("[voice: anna] 12 men", "twelve men", ["12", "men"]),
        ("one", "one more word", ["one", "one", "one"]),
        ("...", "word", ["..."]),
    ],
)
def test_words_have_places_in_the_text(source: str, said: str, places: list[str] | None) -> None:
    placed = placed_words([sentence(said)], source)
    assert [word.text for word in placed] == said.split()
    if places is not None:
        assert [source[word.offset :][: word.length] for word in placed] == places


def test_long_sentences_are_cut_into_cues_of_two_lines() -> None:
    text = "word " * 40 + "last"
    cues = cues_of([sentence(text)], text)
    assert " ".join(" ".join(cue.text.split()) for cue in cues) == text
    assert all(cue.text.count("\n") < LINES for cue in cues) and len(cues) > 3
    assert all(len(line) <= LONGEST_LINE + 5 for cue in cues for line in cue.text.split("\n"))
    assert all(cue.end - cue.start <= 8 for cue in cues)
    silent = SentenceTimes("No words are known.", 1.0, 2.5)
    (cue,) = cues_of([silent], "No words are known.")
    assert (cue.start, cue.end, cue.text) == (1.0, 2.5, "No words are known.")


def test_files_of_subtitles_can_be_read_again() -> None:
    sentences = [sentence("A < B."), sentence("And more.", 3723.5)]
    for suffix in (".srt", ".vtt"):
        content = subtitles(suffix, sentences, "A < B. And more.")
        assert [cue.start for cue in read_cues(content, "x")] == [0.0, 3723.5]
    assert "01:02:03.500 --> 01:02:05.500" in content and "&lt;" in content
    for broken, message in (("hello", "holds no cue"), ("x --> y\nHi", "names no two times")):
        with pytest.raises(ConfigError, match=message):
            read_cues(broken, "x")
    with pytest.raises(ConfigError, match="no subtitles are called"):
        subtitles(".txt", sentences, "")


def test_a_stream_tells_its_sentences_in_the_voices_of_the_text() -> None:
    pipeline = hiervox.load("box", device="cpu")
    controls, noted = pipeline.controls(scaling="none"), list[Synthesis]()
    text = f"<speak>{TWO}</speak>"
    chunks = list(pipeline.tts_stream(text, None, controls, noted.append))
    sentences = list(pipeline.tts_sentences(text, None, controls))
    assert [each.sequence.voice for each in noted] == [None, "willow"]
    for told, each in zip(noted, sentences, strict=True):
        np.testing.assert_allclose(told.wav, each.wav, atol=1e-4)
        assert told.durations == each.durations and told.trimmed == each.trimmed
    assert sum(each.wav.size for each in noted) == sum(chunk.size for chunk in chunks)
    times = times_of(noted[0], pipeline.rate, 0.0, lambda words: " ".join(pipeline.phonemes(words)))
    (mark,) = times.marks
    assert mark.text == "dark" and mark.start == pytest.approx(times.words[2].start, abs=0.06)
    assert sentences[1].sequence.text == "Not for long."
    with pytest.raises(ConfigError, match="no voice 'nobody'"):
        pipeline.tts("[voice: nobody] Hello.")
