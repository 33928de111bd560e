"""Long recordings in stretches: cut where they are quietest, faded into each other.

The flows and a semantic encoder attend to all that they are given, so what they need grows with the square of
its length, and a Whisper encoder takes 30 s at most. A recording of up to `LONGEST_SECONDS` is one stretch;
a longer one is cut, and each stretch sees `MARGIN_SECONDS` of its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hiervox.processors.audio import GRID_SAMPLES, SAMPLE_RATE, Waveform

LONGEST_SECONDS = 29.92
"""With the padding to the grid, 30 s."""
MARGIN_SECONDS = 1.0
FADE_SECONDS = 0.04
LATEST_CUT = 28 * SAMPLE_RATE // GRID_SAMPLES * GRID_SAMPLES
"""A stretch with both margins is at most `LONGEST_SECONDS`."""
EARLIEST_CUT = LATEST_CUT // 2 // GRID_SAMPLES * GRID_SAMPLES
MARGIN = int(MARGIN_SECONDS * SAMPLE_RATE) // GRID_SAMPLES * GRID_SAMPLES


@dataclass(frozen=True)
class Stretch:
    """Places in a 16 kHz recording, multiples of `GRID_SAMPLES` except at its end.

    Attributes:
        first, last: what is looked at.
        start, stop: what is kept.
    """

    first: int
    last: int
    start: int
    stop: int


def plan_stretches(recording: Waveform) -> list[Stretch]:
    """Cut a 16 kHz recording (T,) at its quietest 80 ms, 14 to 28 s after each other."""
    if recording.size <= LONGEST_SECONDS * SAMPLE_RATE:
        return [Stretch(0, recording.size, 0, recording.size)]
    blocks = recording[: recording.size // GRID_SAMPLES * GRID_SAMPLES].reshape(-1, GRID_SAMPLES)
    power = np.square(blocks).mean(axis=1)
    # what is quiet around a cut counts, and a cut is between two blocks
    at_cut = np.convolve(power, [1.0, 1.0])[: power.size]
    cuts = [0]
    while recording.size - cuts[-1] > LATEST_CUT:
        earliest, latest = cuts[-1] + EARLIEST_CUT, min(cuts[-1] + LATEST_CUT, recording.size - MARGIN)
        candidates = at_cut[earliest // GRID_SAMPLES : latest // GRID_SAMPLES + 1]
        cuts.append(earliest + int(candidates.argmin()) * GRID_SAMPLES)
    cuts.append(recording.size)
    return [
        Stretch(max(0, start - MARGIN), min(stop + MARGIN, recording.size), start, stop)
        for start, stop in pairwise(cuts)
    ]


def fade_stretches(pieces: Iterable[tuple[Stretch, Waveform]]) -> Iterator[Waveform]:
    """Put stretches together again, one after the other.

    Args:
        pieces: each with the sound of what it looks at, (T,) at 16 kHz, in order; the last one's may be
            longer than what it looks at, by the padding to the grid.

    Returns:
        Waveforms whose concatenation is the whole, of as many samples as the stretches keep and the
        padding; every cut lies in the middle of a cross-fade of `FADE_SECONDS`.
    """
    half = int(FADE_SECONDS * SAMPLE_RATE) // 2
    rise = ((np.arange(2 * half) + 0.5) / (2 * half)).astype(np.float32)
    tail: Waveform | None = None
    pieces = iter(pieces)
    following = next(pieces, None)
    while following is not None:
        stretch, wav = following
        following = next(pieces, None)
        start = stretch.start - stretch.first
        stop = wav.size if following is None else stretch.stop - stretch.first
        if tail is not None:
            lead = wav[start - half : start + half]
            yield tail * (1 - rise) + lead * rise
            start += half
        if following is None:
            yield wav[start:]
        else:
            yield wav[start : stop - half]
            tail = wav[stop - half : stop + half]
