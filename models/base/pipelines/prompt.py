"""What a prompt recording must be before a model takes a voice from it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from hiervox.processors.audio import (
    SAMPLE_RATE,
    Recording,
    Waveform,
    as_recording,
    as_waveform,
    check_rate,
    read_audio,
    resample,
    rms_dbfs,
)
from hiervox.processors.voice_activity import measure_voice
from hiervox.utils.errors import AudioError
from hiervox.utils.logging import get_logger, warn_once

LEAST_SECONDS = 0.5
LEAST_RMS_DBFS = -60.0  # dBFS; a recording of an empty room is about there
MOST_SECONDS = 30.0
"""Of a prompt; the style encoder's attention grows with the square of its length."""
REFUSED_SECONDS = 600.0
"""A prompt of more is some other recording."""
REPLICATED_UNDER_SECONDS = 3.0
"""Style prompt replication is for prompts of 1 to 3 s (sections 4.3 and 5.9)."""
REPLICATED_TO_SECONDS = 5.0
"""How often they are repeated is a choice of ours."""

_log = get_logger("pipelines")


def prepare_recording(wav: Waveform, rate: int, name: str) -> Waveform:
    """Bring a recording to 16 kHz, at the level it has.

    Args:
        wav: (T,), full scale at ±1, or PCM (`as_waveform`).
        rate: of `wav`, Hz.
        name: what errors call it.

    Returns:
        (T',) at 16 kHz.

    Raises:
        AudioError: it is not finite, too short, or silent, has several channels, or a rate that no recording
            has.
    """
    wav = as_recording(wav, name)
    check_rate(rate, name)
    if wav.size < LEAST_SECONDS * rate:
        raise AudioError(
            f"{name} is too short: {wav.size / rate:.2f} s", f"give at least {LEAST_SECONDS:g} s of speech"
        )
    if rms_dbfs(wav) < LEAST_RMS_DBFS:
        raise AudioError(f"{name} is silent", "give a recording of speech")
    return resample(wav, rate, SAMPLE_RATE)


def check_recording(path: Path) -> None:
    """Refuse a recording that can't be converted.

    Raises:
        AudioError: it is missing, broken, not finite, too short, or silent.
    """
    prepare_recording(*read_audio(path), str(path))


def read_prompt(path: Path) -> tuple[Waveform, int]:
    """Read a prompt's file, (T,) and its rate in Hz, unless it is so long that it can't be meant.

    Raises:
        AudioError: it is missing, broken, or over `REFUSED_SECONDS`.
    """
    seconds = Recording(path).seconds
    if seconds is not None and seconds > REFUSED_SECONDS:
        raise AudioError(
            f"{path} is too long for a prompt: {seconds:.0f} s", "cut out some seconds of the voice"
        )
    return read_audio(path)


def prepare_prompt(wav: Waveform, rate: int, name: str) -> Waveform:
    """`prepare_recording` of the first `MOST_SECONDS`.

    Warnings say where a prompt is cropped, and where it seems to hold no speech.
    """
    wav = as_waveform(wav, name)
    check_rate(rate, name)
    most = int(MOST_SECONDS * rate)
    if wav.size > most:
        warn_once(_log, f"{name} is cropped to its first {MOST_SECONDS:g} of {wav.size / rate:.1f} s")
    recording = prepare_recording(wav[:most], rate, name)
    doubt = measure_voice(recording).doubt
    if doubt is not None:
        warn_once(_log, f"{name} seems to hold no speech ({doubt}): the voice will be arbitrary")
    return recording


def prompt_at(wav: Waveform, rate: int, name: str, own_rate: int) -> Waveform:
    """The same part of a prompt (T,) as `prepare_prompt` gives, at `own_rate` Hz."""
    wav = as_waveform(wav, name)[: int(MOST_SECONDS * rate)]
    return resample(as_recording(wav, name), rate, own_rate)


def replicate_prompt(recording: Waveform) -> Waveform:
    """Repeat a 16 kHz recording (T,) under `REPLICATED_UNDER_SECONDS` until it has `REPLICATED_TO_SECONDS`.

    Only whole copies are made. A longer one stays as it is.
    """
    if recording.size >= REPLICATED_UNDER_SECONDS * SAMPLE_RATE:
        return recording
    return np.tile(recording, math.ceil(REPLICATED_TO_SECONDS * SAMPLE_RATE / recording.size))
