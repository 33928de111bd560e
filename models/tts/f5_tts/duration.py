"""How long a text is to be, where to cut it, and how its parts are joined: the published rules."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from hiervox.processors.audio import Waveform

SHORT_TEXT, SHORT_SPEED = 10, 0.3
"""A text of fewer bytes or phonemes is given time as if spoken so slowly."""
WHOLE_SECONDS = 22.0
"""Of a prompt and a part of a text together."""
_CUT = re.compile(r"(?<=[;:,.!?])\s+|(?<=[；：，。！？])")


def frames_to_fill(prompt_frames: int, prompt_size: int, size: int, speed: float) -> int:
    """Frames of a text that is spoken at the rate of a prompt.

    Args:
        prompt_frames: of the prompt.
        prompt_size, size: of its text and of the text, in bytes or phonemes.
        speed: over 1 is faster.
    """
    return int(prompt_frames / prompt_size * size / (SHORT_SPEED if size < SHORT_TEXT else speed))


def largest_size(prompt_seconds: float, prompt_size: int, speed: float) -> int:
    """Size of the longest text that is filled in at once behind a prompt, in bytes or phonemes."""
    return int(prompt_size / prompt_seconds * (WHOLE_SECONDS - prompt_seconds) * speed)


def cut_text(text: str, limit: int, in_bytes: bool = True) -> list[str]:
    """Cut a text behind punctuation; where there is none, it may stay longer than the limit.

    Args:
        text: as it is written, or phonemes.
        limit: of a part.
        in_bytes: whether sizes are counted in bytes of UTF-8; else in characters.
    """
    parts: list[str] = []
    part = ""
    for clause in filter(None, _CUT.split(text)):
        spaced = f"{clause} " if clause[-1].isascii() else clause
        if _size(part, in_bytes) + _size(clause, in_bytes) <= limit:
            part += spaced
            continue
        parts.append(part)
        part = spaced
    return [whole.strip() for whole in (*parts, part) if whole.strip()]


def _size(text: str, in_bytes: bool) -> int:
    return len(text.encode()) if in_bytes else len(text)


def cross_faded(parts: Sequence[Waveform], overlap: int) -> Waveform:
    """Waveforms (T_i,) as one, the end of each mixed linearly with the beginning of the next.

    Args:
        parts: one or more.
        overlap: samples of it; fewer where a part is shorter.
    """
    joined = parts[0]
    for part in parts[1:]:
        size = min(overlap, joined.size, part.size)
        rising = np.linspace(0, 1, size, dtype=np.float32)
        mixed = joined[joined.size - size :] * (1 - rising) + part[:size] * rising
        joined = np.concatenate([joined[: joined.size - size], mixed, part[size:]])
    return joined
