"""Waveforms that come in chunks, added to each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from hiervox.processors.audio.waveform import Waveform


def mix_chunks(first: Iterable[Waveform], second: Iterable[Waveform]) -> Iterator[Waveform]:
    """The sum of two waveforms of one rate, as long as the longer one, (T_i,) each, in the first's chunks."""
    others = iter(second)
    rest = np.zeros(0, np.float32)
    for chunk in first:
        while rest.size < chunk.size and (following := next(others, None)) is not None:
            rest = np.concatenate([rest, following])
        mixed = chunk.copy()
        mixed[: rest.size] += rest[: chunk.size]
        rest = rest[chunk.size :]
        yield mixed
    if rest.size:
        yield rest
    yield from others
