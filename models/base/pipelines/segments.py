"""Long recordings in segments: cut where they are quietest, processed one by one, faded into each other.

The flows and a semantic encoder attend to all that they are given, so what they need grows with the square of
its length, and a Whisper encoder takes 30 s at most. A recording of up to `LONGEST_SECONDS` is one segment;
a longer one is cut, and each segment sees `MARGIN_SECONDS` of its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from hiervox.models.base.pipelines.pitch_curve import F0_HOP_SECONDS
from hiervox.processors.audio import PAD_MULTIPLE, SAMPLE_RATE, Waveform, pad_to_multiple
from hiervox.processors.pitch import F0Contour
from hiervox.utils.errors import AudioError
from hiervox.utils.memory import release_unused_memory

LONGEST_SECONDS = 29.92
"""With the padding to a multiple, 30 s."""
MARGIN_SECONDS = 1.0
FADE_SECONDS = 0.04
LATEST_CUT = 28 * SAMPLE_RATE // PAD_MULTIPLE * PAD_MULTIPLE
"""A segment with both margins is at most `LONGEST_SECONDS`."""
EARLIEST_CUT = LATEST_CUT // 2 // PAD_MULTIPLE * PAD_MULTIPLE
SAMPLES_PER_F0 = round(SAMPLE_RATE * F0_HOP_SECONDS)
MARGIN = int(MARGIN_SECONDS * SAMPLE_RATE) // PAD_MULTIPLE * PAD_MULTIPLE


@dataclass(frozen=True)
class Segment:
    """Places in a 16 kHz recording, multiples of `PAD_MULTIPLE` except at its end.

    Attributes:
        first, last: what is looked at.
        start, stop: what is kept.
    """

    first: int
    last: int
    start: int
    stop: int


def plan_segments(recording: Waveform) -> list[Segment]:
    """Cut a 16 kHz recording (T,) at its quietest 80 ms, 14 to 28 s after each other."""
    if recording.size <= LONGEST_SECONDS * SAMPLE_RATE:
        return [Segment(0, recording.size, 0, recording.size)]
    blocks = recording[: recording.size // PAD_MULTIPLE * PAD_MULTIPLE].reshape(-1, PAD_MULTIPLE)
    power = np.square(blocks).mean(axis=1)
    # what is quiet around a cut counts, and a cut is between two blocks
    at_cut = np.convolve(power, [1.0, 1.0])[: power.size]
    cuts = [0]
    while recording.size - cuts[-1] > LATEST_CUT:
        earliest, latest = cuts[-1] + EARLIEST_CUT, min(cuts[-1] + LATEST_CUT, recording.size - MARGIN)
        candidates = at_cut[earliest // PAD_MULTIPLE : latest // PAD_MULTIPLE + 1]
        cuts.append(earliest + int(candidates.argmin()) * PAD_MULTIPLE)
    cuts.append(recording.size)
    return [
        Segment(max(0, start - MARGIN), min(stop + MARGIN, recording.size), start, stop)
        for start, stop in pairwise(cuts)
    ]


def fade_segments(sounds: Iterable[tuple[Segment, Waveform]]) -> Iterator[Waveform]:
    """Put segments together again, one after the other.

    Args:
        sounds: segments, each with the sound of what it looks at, (T,) at 16 kHz, in order; the last one's
            may be longer than what it looks at, by the padding to a multiple.

    Returns:
        Waveforms whose concatenation is the whole, of as many samples as the segments keep and the
        padding; every cut lies in the middle of a cross-fade of `FADE_SECONDS`.
    """
    half = int(FADE_SECONDS * SAMPLE_RATE) // 2
    rise = ((np.arange(2 * half) + 0.5) / (2 * half)).astype(np.float32)
    tail: Waveform | None = None
    sounds = iter(sounds)
    following = next(sounds, None)
    while following is not None:
        segment, wav = following
        following = next(sounds, None)
        start = segment.start - segment.first
        stop = wav.size if following is None else segment.stop - segment.first
        if tail is not None:
            lead = wav[start - half : start + half]
            yield tail * (1 - rise) + lead * rise
            start += half
        if following is None:
            yield wav[start:]
        else:
            yield wav[start : stop - half]
            tail = wav[stop - half : stop + half]


def segments_of(recording: Waveform, device: torch.device) -> Iterator[tuple[Segment, Tensor]]:
    """The segments of a 16 kHz recording (T,), each with what it looks at, (1, T') on the device.

    The last one's is padded to a multiple of 80 ms.
    """
    plan = plan_segments(recording)
    for segment in plan:
        seen = recording[segment.first : segment.last]
        if segment is plan[-1]:
            seen = pad_to_multiple(seen)
        yield segment, torch.from_numpy(seen)[None].to(device)
        release_unused_memory()


def f0_by_segments(
    recording: Waveform, device: torch.device, f0_of: Callable[[Tensor, Segment], F0Contour]
) -> F0Contour:
    """F0 of a 16 kHz recording (T,), segment by segment.

    Args:
        recording, device: see `segments_of`.
        f0_of: (what a segment looks at (1, T'), the segment) → its F0, a value every `SAMPLES_PER_F0`
            samples.

    Returns:
        (4 N,) for the N frames of 20 ms of the padded recording.
    """
    curves = []
    for segment, seen in segments_of(recording, device):
        begin = (segment.start - segment.first) // SAMPLES_PER_F0
        is_last = segment.stop == recording.size
        end = None if is_last else (segment.stop - segment.first) // SAMPLES_PER_F0
        curves.append(f0_of(seen, segment)[begin:end])
    return np.concatenate(curves)


def sound_by_segments(
    recording: Waveform, device: torch.device, sound_of: Callable[[Tensor, Segment], Tensor]
) -> Iterator[Waveform]:
    """Turn a 16 kHz recording (T,) into another; what the networks need does not grow with it.

    Args:
        recording, device: see `segments_of`.
        sound_of: (what a segment looks at (1, T'), the segment) → its sound (1, 1, T') at 16 kHz.

    Returns:
        Waveforms at 16 kHz whose concatenation is the result, unscaled.

    Raises:
        AudioError: the networks made a NaN or an infinity.
    """

    def sounds() -> Iterator[tuple[Segment, Waveform]]:
        for segment, seen in segments_of(recording, device):
            sound = sound_of(seen, segment)
            wav = sound[0, 0].float().cpu().numpy()
            if not np.isfinite(wav).all():
                raise AudioError("the networks made a NaN or an infinity", "use other weights")
            yield segment, wav

    return fade_segments(sounds())
