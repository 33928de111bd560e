from __future__ import annotations

import numpy as np

from hiervox.models.tts.hierspeechpp.narration import lay_out
from hiervox.models.tts.hierspeechpp.speaking import Spoken
from hiervox.processors.text.script import Span, Utterance


def spoken(text: str, frames: int, silent: int, hz: float) -> Spoken:
    """`silent` frames, then sound, 320 samples each."""
    wav = np.zeros(320 * frames, np.float32)
    wav[320 * silent :] = 0.5
    f0 = np.zeros(4 * frames, np.float32)
    f0[4 * silent :] = hz
    alignment = np.zeros((frames, 1), np.float32)
    return Spoken(Utterance((Span(text),)), text, wav, f0, alignment.T, alignment, 1, ())


def test_a_single_sentence_stays_as_it_is() -> None:
    one = spoken("A.", 20, 10, 100)
    (sentence,) = lay_out([one], [one.utterance], None)
    np.testing.assert_array_equal(sentence.sound, one.wav)
    np.testing.assert_array_equal(sentence.f0, one.f0)


def test_sentences_are_trimmed_and_their_pitch_with_them() -> None:
    items = [spoken("A.", 50, 10, 100), spoken("B.", 50, 0, 200), spoken("C.", 50, 20, 300)]
    laid = list(lay_out(iter(items), [item.utterance for item in items], 0.1234))
    sound, f0 = np.concatenate([one.sound for one in laid]), np.concatenate([one.f0 for one in laid])
    assert [one.spoken for one in laid] == items
    assert f0.size == -(-sound.size // 80)
    under = sound[::80]
    np.testing.assert_array_equal(f0[under == 0.5] > 0, True)
    # silence that is kept before a sentence is unvoiced, and so are pauses; fades are 5 ms
    wrong = (under == 0) & (f0 > 0)
    assert wrong.sum() <= 3
    assert set(np.unique(f0)) == {0, 100, 200, 300}


def test_what_stays_silent_leaves_its_pause() -> None:
    items = [spoken("A.", 20, 20, 100), spoken("B.", 20, 0, 200)]
    first, second = lay_out(items, [item.utterance for item in items], 0.5)
    assert first.sound.size == 8000 and not first.f0.any()
    assert second.sound.size == 6400
