"""Tests of `hiervox.models.base.pipelines.concatenation`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from hiervox.models.base.pipelines.concatenation import (
    audible_span,
    concatenate,
    default_pause,
    silence,
    smooth_edges,
)
from hiervox.processors.audio import Waveform

RATE = 16_000


def tone(seconds: float, before: float = 0.0, after: float = 0.0) -> Waveform:
    """A tone that starts and ends at its crest, between silences."""
    wav = 0.5 * np.cos(2 * np.pi * 200 * np.arange(round(seconds * RATE)) / RATE)
    parts = [np.zeros(round(before * RATE)), wav, np.zeros(round(after * RATE))]
    return np.concatenate(parts).astype(np.float32)


def joined(pieces: list[list[Waveform]], pauses: list[float]) -> Waveform:
    return np.concatenate(list(concatenate(pieces, pauses, RATE)))


def test_joins_have_no_clicks_and_pauses_are_as_long_as_asked_for() -> None:
    wav = joined([[tone(0.3)], [tone(0.3)]], [0.25, 0.0])
    assert wav.size == 2 * round(0.3 * RATE) + round(0.25 * RATE)
    steepest = np.abs(np.diff(tone(1.0))).max()
    assert np.abs(np.diff(wav, prepend=0, append=0)).max() < 1.2 * steepest
    # a fade touches no more than 5 ms
    np.testing.assert_array_equal(wav[80 : 4800 - 80], tone(0.3)[80:-80])
    assert not wav[4800:8800].any()


@pytest.mark.parametrize("size", [1, 37, 500, 4001])
def test_chunks_do_not_change_what_is_joined(size: int) -> None:
    rng = np.random.default_rng(0)
    pieces = [
        tone(0.2, 0.05, 0.1),
        tone(0.01),
        1e-5 * tone(0.1),
        tone(0.1, 0.1) * rng.random(3200).astype("f4"),
    ]
    pauses = [0.1, 0.2, 0.05, 0.3]
    whole = joined([[piece] for piece in pieces], pauses)
    cut = [[piece[i : i + size] for i in range(0, piece.size, size)] for piece in pieces]
    np.testing.assert_array_equal(joined(cut, pauses), whole)


def test_silence_inside_a_piece_stays_and_all_of_it_is_trimmed_at_the_ends() -> None:
    piece = np.concatenate([tone(0.1, before=0.5), tone(0.1, before=0.3, after=0.5)])
    (kept,) = [np.concatenate(list(smooth_edges([piece], RATE)))]
    assert kept.size == pytest.approx((0.1 + 0.3 + 0.1 + 2 * 0.03) * RATE, abs=2)
    start, stop = audible_span(piece, RATE)
    assert stop - start == kept.size
    inner = slice(80, -80)  # not faded
    np.testing.assert_array_equal(kept[inner], piece[start:stop][inner])


def test_a_silent_piece_gives_nothing() -> None:
    assert list(smooth_edges([np.zeros(1000, np.float32)], RATE)) == []
    assert audible_span(np.zeros(1000, np.float32), RATE) == (0, 0)
    assert silence(0, RATE) == [] and silence(0.1, RATE)[0].size == 1600


def test_a_piece_is_asked_for_when_those_before_it_are_taken() -> None:
    asked: list[int] = []

    def piece(index: int) -> Iterator[Waveform]:
        asked.append(index)
        yield tone(0.1)

    chunks = concatenate((piece(index) for index in range(3)), [0.1] * 3, RATE)
    next(chunks)
    assert asked == [0]
    list(chunks)
    assert asked == [0, 1, 2]


def test_pauses_follow_the_ending() -> None:
    sentence, clause, word = (default_pause(text) for text in ('He said: "no."', "first,", "cut between"))
    assert sentence > clause > word > 0
    assert default_pause("Why?", sentence_pause=1.5) == 1.5
    assert default_pause("first,", sentence_pause=1.5) == clause
    assert default_pause("") == word
