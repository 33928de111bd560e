"""Sentences laid one behind the other, each with the pitch curve of what is audible of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from hiervox.models.base.pipelines.concatenation import audible_span, concatenate, silence
from hiervox.models.base.pipelines.pitch_curve import F0_HOP_SECONDS
from hiervox.models.base.pipelines.speech import Synthesis, concatenated
from hiervox.models.base.pipelines.token_sequence import TokenSequence, pauses_behind
from hiervox.processors.pitch import F0Contour


def assemble(
    done: Iterable[Synthesis], sequences: Sequence[TokenSequence], sentence_pause: float | None, rate: int
) -> Iterator[Synthesis]:
    """Give the sentences of a text, as they come, the pauses behind them.

    A text's only sentence stays as it is, as published; those of a longer text are trimmed and faded.

    Args:
        done: one for each sequence, in order, decoded.
        sequences: the text.
        sentence_pause: see `SpeechControls`.
        rate: of the waveforms, Hz.

    Returns:
        The same with `wav` and `f0` of what is audible and the pause; those of a text's sentences behind each
        other are the curve of their sounds behind each other.
    """
    pauses = pauses_behind(list(sequences), sentence_pause)
    alone = len(sequences) == 1
    elapsed = 0
    for one, pause in zip(done, pauses, strict=True):
        start, stop = (0, one.wav.size) if alone else audible_span(one.wav, rate)
        joined = concatenate([[one.wav]], [pause], rate)
        sound = concatenated([one.wav, *silence(pause, rate)] if alone else list(joined))
        f0 = None if one.f0 is None else _audible_f0(one.f0, start, stop, elapsed, sound.size, rate)
        yield replace(one, wav=sound, f0=f0, trimmed=start)
        elapsed += sound.size


def _audible_f0(f0: F0Contour, start: int, stop: int, elapsed: int, samples: int, rate: int) -> F0Contour:
    """F0 under the next `samples` of a text, of which `elapsed` are over; 0 behind `stop`.

    A curve's values are whole, a sentence's beginning need not be: later values make up for it.
    """
    step = rate * F0_HOP_SECONDS
    times = np.arange(int(np.ceil(elapsed / step)), int(np.ceil((elapsed + samples) / step)))
    places = np.floor(times * step - elapsed + start)
    inside = places < stop
    values = f0[np.minimum((places / step).astype(int), f0.size - 1)]
    return np.where(inside, values, 0).astype(np.float32)
