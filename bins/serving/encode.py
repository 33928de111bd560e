"""Waveforms to the formats of the server, while they come."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from hiervox.processors.audio import Waveform
from hiervox.processors.audio_writing import FULL_SCALE, wav_header

MEDIA_TYPES = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "pcm": "audio/pcm",
}
COMPRESSED = {
    "mp3": ("mp3", "libmp3lame", {"write_xing": "0"}),
    "opus": ("ogg", "libopus", {"page_duration": "100000"}),
    "aac": ("adts", "aac", {}),
    "flac": ("flac", "flac", {}),
}
"""Of formats that PyAV writes: container, codec, options of the container."""
OPUS_RATES = (8000, 12000, 16000, 24000, 48000)


class Encoder(Protocol):
    """A format that is written while the waveform comes."""

    def push(self, wav: Waveform) -> bytes:
        """Take a chunk (T,) in [-1, 1]; give what is sure by now, perhaps nothing."""

    def finish(self) -> bytes:
        """The rest."""


class RawEncoder:
    """16-bit little-endian PCM, after a header or none."""

    def __init__(self, header: bytes = b"") -> None:
        self._header = header

    def push(self, wav: Waveform) -> bytes:
        """As `Encoder.push`."""
        header, self._header = self._header, b""
        return header + pcm_of(wav).tobytes()

    def finish(self) -> bytes:
        """Nothing is left."""
        return b""


class _Sink:
    """Where PyAV writes; it can't be sought."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        taken, self.parts = b"".join(self.parts), []
        return taken


class CompressedEncoder:
    """One of `COMPRESSED`."""

    def __init__(self, name: str, rate: int) -> None:
        import av

        container, codec, options = COMPRESSED[name]
        self._sink, self._rate, self._samples = _Sink(), rate, 0
        self._container: Any = av.open(
            self._sink, "w", format=container, options={"flush_packets": "1", **options}
        )
        target = rate if name != "opus" or rate in OPUS_RATES else OPUS_RATES[-1]
        stream: Any = self._container.add_stream(codec, rate=target)
        self._stream = stream
        stream.layout = "mono"

    def push(self, wav: Waveform) -> bytes:
        """As `Encoder.push`."""
        import av

        frame = av.AudioFrame.from_ndarray(pcm_of(wav)[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = self._rate, self._samples
        frame.time_base = Fraction(1, self._rate)
        self._samples += wav.size
        self._container.mux(self._stream.encode(frame))
        return self._sink.taken()

    def finish(self) -> bytes:
        """As `Encoder.finish`."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._sink.taken()


def pcm_of(wav: Waveform) -> np.ndarray[Any, np.dtype[np.int16]]:
    """16-bit samples (T,) of a waveform (T,); what is over full scale is cut."""
    return (wav.clip(-1, 1) * FULL_SCALE).round().astype("<i2")


def encoder(name: str, rate: int) -> Encoder:
    """An encoder of a format of `MEDIA_TYPES` at a rate in Hz."""
    if name in COMPRESSED:
        return CompressedEncoder(name, rate)
    return RawEncoder(wav_header(rate) if name == "wav" else b"")


def whole_file(name: str, wavs: Sequence[Waveform], rate: int) -> bytes:
    """A WAV or FLAC file of chunks (T_i,), with right sizes in its header."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, np.concatenate([pcm_of(wav) for wav in wavs]), rate, "PCM_16", format=name.upper())
    return file.getvalue()
