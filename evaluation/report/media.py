"""Recordings, spectrograms and F0 contours as a page holds them."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hiervox.evaluation.recordings import EVALUATION_PITCH, F0_RATE, Recordings
from hiervox.processors.audio import Waveform
from hiervox.utils.plots import levels_uri

Players = Literal["flac", "mp3", "none"]
BINS = 128
HOP_SECONDS = 0.016
WINDOW_SECONDS = 0.032
RANGE_DB = 80.0
F0_HOP_SECONDS = 0.02
MOST_SECONDS = 300
"""Of a recording in the page; a picture of an hour has more columns than browsers draw."""


def sound_uri(wav: Waveform, rate: int, players: Players) -> str:
    """A waveform as a data URI; empty for `none`."""
    import soundfile

    if players == "none":
        return ""
    stream = io.BytesIO()
    if players == "flac":
        soundfile.write(stream, wav, rate, format="FLAC", subtype="PCM_16")
    else:
        soundfile.write(stream, wav, rate, format="MP3", subtype="MPEG_LAYER_III")
    kind = "audio/flac" if players == "flac" else "audio/mpeg"
    return f"data:{kind};base64,{base64.b64encode(stream.getvalue()).decode()}"


def spectrogram(wav: Waveform, rate: int) -> tuple[NDArray[np.uint8], float]:
    """Levels (128, frames) of a waveform (T,), 0 at 80 dB under the loudest and 255 at it; the highest Hz.

    Row 0 holds the highest frequencies, as pictures are drawn.
    """
    import librosa

    fft_size = int(2 ** np.ceil(np.log2(max(rate * WINDOW_SECONDS, 2 * BINS))))
    power = (
        np.abs(
            librosa.stft(
                y=wav,
                n_fft=fft_size,
                hop_length=round(HOP_SECONDS * rate),
                win_length=round(WINDOW_SECONDS * rate),
            )
        )
        ** 2
    )
    edges = np.linspace(0, len(power), BINS + 1).astype(int)
    levels = 10 * np.log10(np.maximum(np.add.reduceat(power, edges[:-1], axis=0), 1e-10))
    scaled = (levels - levels.max() + RANGE_DB) / RANGE_DB * 255
    return np.clip(scaled, 0, 255).astype(np.uint8)[::-1], rate / 2


def recording(file: Path, recordings: Recordings, players: Players) -> dict[str, Any]:
    """What the page needs of a recording: sound, picture, F0 each 20 ms in whole Hz, length.

    Of a long one it has the first `MOST_SECONDS`.
    """
    whole, rate = recordings.read(file, None)
    wav = whole[: MOST_SECONDS * rate]
    levels, top = spectrogram(wav, rate)
    step = round(F0_HOP_SECONDS / EVALUATION_PITCH.hop_seconds)
    return {
        "sound": sound_uri(wav, rate, players),
        "picture": levels_uri(levels),
        "topHz": top,
        "seconds": round(wav.size / rate, 3),
        "wholeSeconds": round(whole.size / rate, 3),
        "rate": rate,
        "f0": [round(float(value)) for value in recordings.f0(file)[: MOST_SECONDS * F0_RATE : step]],
        "f0Hop": F0_HOP_SECONDS,
    }
