from __future__ import annotations

import numpy as np
import pytest
import torch

from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.timestamps import Timed, phoneme_times, word_times
from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.utils.errors import ConfigError, TextError

RATE = 1_000


def spoken(text: str, phonemes: str, tokens: int, durations: list[int] | None, trimmed: int = 0) -> Synthesis:
    sequence = TokenSequence(text, 0, None, phonemes, [0] * tokens, [], [], [], [])
    wav = np.zeros(10 * sum(durations or [0]), np.float32)
    return Synthesis(sequence, None, 100.0, torch.Generator(), durations, wav=wav, trimmed=trimmed)


def test_stress_and_length_belong_to_their_vowels() -> None:
    synthesis = spoken("Be on.", "bˈiː ɔn.", 8, [1, 2, 3, 4, 5, 6, 7, 8])
    first, second = phoneme_times(synthesis, RATE, 1.0)
    assert [timed.text for timed in (*first, *second)] == ["b", "ˈiː", "ɔ", "n"]
    assert np.allclose([first[0].start, first[1].start, first[1].end], [1, 1.01, 1.1])
    assert np.allclose([second[0].start, second[1].start, second[1].end], [1.15, 1.21, 1.28])


def test_blanks_between_belong_to_the_phoneme_before() -> None:
    synthesis = spoken("On.", "ɔn.", 7, [1] * 7)
    ((first, second),) = phoneme_times(synthesis, RATE)
    assert np.allclose([first.start, first.end, second.start, second.end], [0.01, 0.03, 0.03, 0.04])


def test_symbols_at_the_ends_and_trimmed_silence_are_left_out() -> None:
    synthesis = spoken("On.", "ɔn.", 5, [4, 1, 1, 1, 4], trimmed=30)
    ((first, second),) = phoneme_times(synthesis, RATE)
    assert np.allclose([first.start, second.end], [0.01, 0.03])


def test_words_that_are_spoken_as_one_are_told_apart() -> None:
    synthesis = spoken("Out of the - box.", "ˈaʊɾəvðə bˈɑːks.", 16, [2] * 16)
    phonemes = phoneme_times(synthesis, RATE)
    alone = {"Out": "ˈaʊt", "of": "ʌv", "the": "ðə", "box.": "bˈɑːks."}
    words = word_times(synthesis, phonemes, lambda word: alone[word])
    assert [word.text for word in words] == ["Out", "of", "the", "box."]
    ends = [phonemes[0][2].end, phonemes[0][4].end, phonemes[0][6].end, phonemes[1][-1].end]
    assert np.allclose([word.end for word in words], ends)


def test_a_word_that_is_not_spoken_takes_no_time() -> None:
    def pronounced(word: str) -> str:
        if word == "¹":
            raise TextError("nothing to speak")
        return {"On": "ɔn", "it.": "ɪt."}[word]

    synthesis = spoken("On ¹ it.", "ɔn ɪt.", 6, [2] * 6)
    words = word_times(synthesis, phoneme_times(synthesis, RATE), pronounced)
    assert words[1] == Timed("¹", words[0].end, words[0].end)


def test_unknown_durations_are_told() -> None:
    with pytest.raises(ConfigError, match="does not know when"):
        phoneme_times(spoken("On.", "ɔn.", 3, None), RATE)
