"""Long recordings in windows or in blocks of frames, so that what is computed of them stays small."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiervox.processors.audio import Waveform

KEPT_SECONDS, CONTEXT_SECONDS = 120, 5
"""Of a window: what is kept of it, and what it sees on either side. A recording of up to 130 s is one."""
BLOCK_SAMPLES = 2**21
"""Of overlapping frames at once."""


def in_windows(
    wav: Waveform, rate: int, frames_of: Callable[[Waveform], NDArray[Any]], frame_rate: int
) -> NDArray[Any]:
    """Frames (N, ...) of a waveform (T,), analysed window by window.

    Args:
        wav: (T,).
        rate: of it, Hz.
        frames_of: what a window sees (T',) → its frames (N', ...), each of which
            depends on what is around it alone.
        frame_rate: frames a second.
    """
    from hiervox.modules.functional.windows import window_plan

    seconds, parts = -(-wav.size // rate), []
    for window in window_plan(seconds, KEPT_SECONDS, CONTEXT_SECONDS):
        frames = frames_of(wav[rate * window.first : rate * window.last])
        begin = frame_rate * (window.start - window.first)
        end = None if window.stop == seconds else frame_rate * (window.stop - window.first)
        parts.append(frames[begin:end])
    return np.concatenate(parts)


def frame_blocks(wav: Waveform, frame: int, hop_length: int) -> Iterator[Waveform]:
    """Stretches of a waveform (T,), each of whole frames, which together have the frames of the whole.

    These are centred: zeros are added on both sides. What is cut into frames from its first sample on needs
    none.

    Args:
        wav: (T,).
        frame: samples of a frame.
        hop_length: samples from one frame to the next.
    """
    half = frame // 2
    frames = 1 + max(0, wav.size + 2 * half - frame) // hop_length
    step = max(1, BLOCK_SAMPLES // frame)
    for begin in range(0, frames, step):
        start = begin * hop_length - half
        stop = (min(begin + step, frames) - 1) * hop_length - half + frame
        seen = wav[max(0, start) : max(0, stop)]
        yield np.pad(seen, (max(0, -start), stop - max(0, start) - seen.size))
