"""Spoken sentences laid one behind the other, each with the pitch curve of what is heard of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hiervox.models.tts.hierspeechpp.joining import audible_span, join, silence
from hiervox.models.tts.hierspeechpp.rendering import SAMPLES_PER_F0
from hiervox.models.tts.hierspeechpp.speaking import Spoken, pauses_between
from hiervox.processors.audio import SAMPLE_RATE, Waveform
from hiervox.processors.pitch import Track
from hiervox.processors.text.script import Utterance


@dataclass(frozen=True)
class Sentence:
    """A sentence of a text, with the pause behind it.

    Attributes:
        spoken: as it came from the networks.
        sound: (T,) at 16 kHz, unscaled.
        f0: in Hz at 200 Hz, 0 where unvoiced and in the pause. Those of a text's sentences behind each other
            are the curve of their sounds behind each other.
    """

    spoken: Spoken
    sound: Waveform
    f0: Track


def lay_out(
    spoken: Iterable[Spoken], utterances: Sequence[Utterance], sentence_pause: float | None
) -> Iterator[Sentence]:
    """Join the sentences of a text as they come.

    A text's only sentence stays as it is, as published; those of a longer text are trimmed and faded.

    Args:
        spoken: one for each utterance, in order.
        utterances: the text.
        sentence_pause: see `SpeechControls`.
    """
    pauses = pauses_between(utterances, sentence_pause)
    alone = len(utterances) == 1
    heard = 0
    for one, pause in zip(spoken, pauses, strict=True):
        start, stop = (0, one.wav.size) if alone else audible_span(one.wav, SAMPLE_RATE)
        joined = join([[one.wav]], [pause], SAMPLE_RATE)
        pieces = [one.wav, *silence(pause, SAMPLE_RATE)] if alone else list(joined)
        sound = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
        # a curve's values are whole, a sentence's beginning need not be: later values make up for it
        times = np.arange(-(-heard // SAMPLES_PER_F0), -(-(heard + sound.size) // SAMPLES_PER_F0))
        places = times * SAMPLES_PER_F0 - heard + start
        inside = places < stop
        f0 = np.where(inside, one.f0[np.minimum(places // SAMPLES_PER_F0, one.f0.size - 1)], 0)
        yield Sentence(one, sound, f0.astype(np.float32))
        heard += sound.size
