"""Whose pitch a converted voice speaks at."""

from __future__ import annotations

import numpy as np

from processors.pitch import Track
from utils.logging import get_logger

_log = get_logger("hierspeechpp")


def transfer_pitch(source: Track, prompt: Track) -> Track:
    """The melody of one recording at the pitch of another, as the published inference does.

    Voiced frames get the mean and the deviation (Hz) of the prompt's voiced frames. Where one of the two has
    no voiced frame there is nothing to go by: the source's F0 stays, and a warning says so.

    Args:
        source, prompt: F0 in Hz, 0 where unvoiced.

    Returns:
        F0 in Hz, as long as `source`; never negative, never NaN.
    """
    spoken, wanted = source[source > 0], prompt[prompt > 0]
    if spoken.size == 0:
        _log.warning("the source has no voiced frame: it is converted without pitch")
        return source
    if wanted.size == 0:
        _log.warning("the prompt has no voiced frame: the source's pitch stays")
        return source
    # one voiced frame, or a synthetic tone, has no deviation to divide by
    deviation = spoken.std() or 1.0
    moved = (source - spoken.mean()) / deviation * wanted.std() + wanted.mean()
    return np.where(source > 0, np.maximum(moved, 0), 0).astype(np.float32)
