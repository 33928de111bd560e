"""Sentences one behind the other: silence trimmed, edges faded, pauses between. Nothing waits for the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from hiervox.processors.audio import Waveform

SILENCE_LEVEL = 1e-3
"""Samples under -60 dBFS at either end of a sentence are silence."""
KEPT_SECONDS = 0.03
"""Silence that stays at either end: weak consonants begin before the level is reached."""
FADE_SECONDS = 0.005

SENTENCE_PAUSE = 0.4
CLAUSE_PAUSES = {
    **dict.fromkeys(",、，", 0.15),
    **dict.fromkeys("—–-", 0.2),
    **dict.fromkeys(";；", 0.25),
    **dict.fromkeys(":：", 0.3),
}
WORD_PAUSE = 0.05
"""Seconds behind a sentence, behind a clause and where a sentence had to be cut between two words."""
_ENDINGS = ".!?…。！？"
_CLOSINGS = "\"'”’»)]}› \t\n"


def default_pause(text: str, sentence_pause: float | None = None) -> float:
    """Seconds of silence after a text, by its last mark; `sentence_pause` is that of whole sentences."""
    last = text.rstrip(_CLOSINGS)[-1:]
    if last and last in _ENDINGS:
        return SENTENCE_PAUSE if sentence_pause is None else sentence_pause
    return CLAUSE_PAUSES.get(last, WORD_PAUSE)


def concatenate(
    segments: Iterable[Iterable[Waveform]], pauses: Iterable[float], rate: int
) -> Iterator[Waveform]:
    """Chunks of one waveform from the chunks of its segments.

    What comes out does not depend on where the segments are cut into chunks, and each segment is asked for
    only when those before it have been taken.

    Args:
        segments: of each segment the chunks, (T_i,) each.
        pauses: seconds of silence behind each segment.
        rate: Hz.
    """
    for segment, pause in zip(segments, pauses, strict=True):
        yield from smooth_edges(segment, rate)
        yield from silence(pause, rate)


def silence(seconds: float, rate: int) -> list[Waveform]:
    """A pause as chunks: one, or none where it is empty."""
    samples = round(seconds * rate)
    return [np.zeros(samples, np.float32)] if samples else []


def audible_span(wav: Waveform, rate: int) -> tuple[int, int]:
    """Where `smooth_edges` begins and ends what it keeps of a segment (T,); (0, 0) for a silent one."""
    loud = _loud(wav)
    if not loud.size:
        return 0, 0
    kept = round(KEPT_SECONDS * rate)
    return max(int(loud[0]) - kept, 0), min(int(loud[-1]) + 1 + kept, wav.size)


def _loud(wav: Waveform) -> NDArray[np.intp]:
    return np.flatnonzero(np.abs(wav) >= SILENCE_LEVEL)


def smooth_edges(chunks: Iterable[Waveform], rate: int) -> Iterator[Waveform]:
    """Trim silence from both ends of a segment and fade them in and out; a silent segment gives nothing."""
    kept = round(KEPT_SECONDS * rate)
    ramp = np.sin(np.linspace(0, np.pi / 2, round(FADE_SECONDS * rate), dtype=np.float32)) ** 2
    held = np.zeros(0, np.float32)  # what may yet turn out to be the end
    emitted, begun = 0, False

    def fade_in(wav: Waveform) -> Waveform:
        size = min(max(ramp.size - emitted, 0), wav.size)
        return np.concatenate([wav[:size] * ramp[emitted : emitted + size], wav[size:]])

    for chunk in chunks:
        held = np.concatenate([held, chunk])
        loud = _loud(held)
        if not begun:
            begun = loud.size > 0
            held = held[max((loud[0] if begun else held.size) - kept, 0) :]
            loud = _loud(held)
        if loud.size:
            sure = max(min(int(loud[-1]) + 1, held.size - ramp.size), 0)
            if sure:
                yield fade_in(held[:sure])
                emitted, held = emitted + sure, held[sure:]
    if not begun:
        return
    loud = _loud(held)
    end = fade_in(held[: (int(loud[-1]) + 1 if loud.size else 0) + kept])
    size = min(ramp.size, end.size)
    yield np.concatenate([end[: end.size - size], end[end.size - size :] * ramp[:size][::-1]])
