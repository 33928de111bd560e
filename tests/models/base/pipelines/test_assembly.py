from __future__ import annotations

import numpy as np
import torch

from hiervox.models.base.pipelines.assembly import assemble
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.token_sequence import TokenSequence


def synthesis(text: str, frames: int, silent: int, hz: float) -> Synthesis:
    """`silent` frames, then sound, 320 samples each."""
    wav = np.zeros(320 * frames, np.float32)
    wav[320 * silent :] = 0.5
    f0 = np.zeros(4 * frames, np.float32)
    f0[4 * silent :] = hz
    sequence = TokenSequence(text, 0, None, text, [1], [False], [1.0], [0.0], [1.0])
    return Synthesis(sequence, None, 50, torch.Generator(), [frames], f0, wav)


def assembled(items: list[Synthesis], sentence_pause: float | None) -> list[Synthesis]:
    return list(assemble(iter(items), [item.sequence for item in items], sentence_pause, 16_000))


def test_a_single_sentence_stays_as_it_is() -> None:
    one = synthesis("A.", 20, 10, 100)
    (sentence,) = assembled([one], None)
    np.testing.assert_array_equal(sentence.wav, one.wav)
    np.testing.assert_array_equal(sentence.f0, one.f0)


def test_sentences_are_trimmed_and_their_pitch_with_them() -> None:
    items = [synthesis("A.", 50, 10, 100), synthesis("B.", 50, 0, 200), synthesis("C.", 50, 20, 300)]
    laid = assembled(items, 0.1234)
    sound, f0 = np.concatenate([one.wav for one in laid]), np.concatenate([one.f0 for one in laid])
    assert [one.sequence for one in laid] == [one.sequence for one in items]
    assert f0.size == -(-sound.size // 80)
    under = sound[::80]
    np.testing.assert_array_equal(f0[under == 0.5] > 0, True)
    # silence that is kept before a sentence is unvoiced, and so are pauses; fades are 5 ms
    wrong = (under == 0) & (f0 > 0)
    assert wrong.sum() <= 3
    assert set(np.unique(f0)) == {0, 100, 200, 300}


def test_what_stays_silent_leaves_its_pause() -> None:
    items = [synthesis("A.", 20, 20, 100), synthesis("B.", 20, 0, 200)]
    first, second = assembled(items, 0.5)
    assert first.wav.size == 8000 and not first.f0.any()
    assert second.wav.size == 6400


def test_at_other_rates_the_curve_is_still_at_200_hz() -> None:
    one = synthesis("A.", 20, 0, 100)
    (sentence,) = assemble([one], [one.sequence], None, 24_000)
    assert sentence.f0 is not None
    assert sentence.f0.size == -(-6400 // 120)
