"""Writing sound that does not fit into memory, or that is not all there yet."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

import numpy as np

from hiervox.processors.audio import (
    FLAT_LEVEL,
    FLAT_SHARE,
    Waveform,
    check_peak,
    check_waveform,
    told_errors,
)
from hiervox.utils.errors import AudioError
from hiervox.utils.files import replacing_file

BLOCK = 2**18
"""Samples in memory at once."""
STORED = np.dtype("<f4")
FULL_SCALE = 32767
FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".ogg": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
}
"""Of sound files by their suffix, libsndfile's container and encoding."""
ENDLESS = 2**32 - 1
"""The size that a WAV header gives where the end is not known."""


def write_chunks(
    path: Path, chunks: Iterable[Waveform], rate: int, gain: Callable[[float], float], name: str
) -> int:
    """Write waveforms behind each other, atomically, in memory that does not grow.

    They wait unscaled in a nameless file beside `path`, since the gain depends on all of them.

    Args:
        path: its suffix names the format, one of `FORMATS`.
        chunks: (T_i,) each, full scale at ±1.
        rate: Hz.
        gain: the peak of the whole → the factor of the whole.
        name: what errors call the sound.

    Returns:
        How many samples were written.

    Raises:
        AudioError: what `check_waveform` refuses; no file is written.
        OSError: a full disk and the like; it names the file.
    """
    import soundfile

    with replacing_file(path) as temporary, tempfile.TemporaryFile(dir=path.parent) as store:
        samples, peak = 0, 0.0
        for chunk in chunks:
            for begin in range(0, chunk.size, BLOCK):  # a chunk may be the whole
                part = chunk[begin : begin + BLOCK]
                store.write(part.astype(STORED).tobytes())
                samples, peak = samples + part.size, float(np.maximum(peak, np.abs(part).max()))
        if not samples:
            check_waveform(np.empty(0, np.float32), name)
        check_peak(min(peak, 1.0), name)  # what is over full scale the factor may bring down
        factor = gain(peak)
        check_peak(float(np.float32(factor) * np.float32(peak)), name)
        flat = 0
        store.seek(0)
        container, subtype = FORMATS[path.suffix.lower()]
        with (
            told_errors(temporary),
            soundfile.SoundFile(temporary, "w", rate, channels=1, subtype=subtype, format=container) as sound,
        ):
            while block := store.read(BLOCK * STORED.itemsize):
                wav = np.frombuffer(block, STORED) * np.float32(factor)
                flat += int((np.abs(wav) >= FLAT_LEVEL).sum())
                sound.write(wav)
        if flat > FLAT_SHARE * samples:
            raise AudioError(
                f"{name}: the waveform is clipped ({flat / samples:.0%} of it at full scale)",
                "lower its level",
            )
    return samples


def stream_wav(stream: IO[bytes], chunks: Iterable[Waveform], rate: int) -> int:
    """Write waveforms to a pipe as they come: a WAV header of unknown length, then 16-bit PCM.

    Args:
        stream: binary; it is flushed after each chunk.
        chunks: (T_i,) each, in [-1, 1].
        rate: Hz.

    Returns:
        How many samples were written.
    """
    samples = 0
    for chunk in chunks:
        if not samples:
            stream.write(wav_header(rate))
        stream.write((chunk.clip(-1, 1) * FULL_SCALE).round().astype("<i2").tobytes())
        stream.flush()
        samples += chunk.size
    return samples


def wav_header(rate: int) -> bytes:
    """RIFF header of 16-bit PCM in one channel without an end."""
    width, pcm = 2, 1
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, pcm, 1, rate, rate * width, width, 8 * width)
    riff = struct.pack("<4sI4s", b"RIFF", ENDLESS, b"WAVE")
    return riff + layout + struct.pack("<4sI", b"data", ENDLESS)
