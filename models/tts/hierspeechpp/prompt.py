"""What a prompt recording must be before a model takes a voice from it."""

from __future__ import annotations

import numpy as np

from processors.audio import SAMPLE_RATE, Waveform, loudness, resample
from utils.errors import AudioError

LEAST_SECONDS = 0.5
LEAST_LOUDNESS = -60.0  # dBFS; a recording of an empty room is about there


def prepare_recording(wav: Waveform, rate: int, name: str) -> Waveform:
    """Bring a recording to 16 kHz, at the level it has.

    Args:
        wav: (T,), full scale at ±1.
        rate: of `wav`, Hz.
        name: what errors call it.

    Returns:
        (T',) at 16 kHz.

    Raises:
        AudioError: it is not finite, too short, or silent.
    """
    if not np.isfinite(wav).all():
        raise AudioError(f"{name} holds a NaN or an infinity", "convert it again from its source")
    if wav.size < LEAST_SECONDS * rate:
        raise AudioError(
            f"{name} is too short: {wav.size / rate:.2f} s", f"give at least {LEAST_SECONDS:g} s of speech"
        )
    if loudness(wav) < LEAST_LOUDNESS:
        raise AudioError(f"{name} is silent", "give a recording of speech")
    return resample(wav, rate, SAMPLE_RATE)
