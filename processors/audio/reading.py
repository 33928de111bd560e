"""Waveforms from files, whole or in chunks, and back."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from hiervox.processors.audio.resampling import check_rate, resample, resample_chunks
from hiervox.processors.audio.waveform import Waveform, check_waveform
from hiervox.utils.errors import AudioError
from hiervox.utils.files import is_file, replacing_file

if TYPE_CHECKING:
    import soundfile

BLOCK = 2**17
"""Frames read at once."""
MOST_PEAK = 16.0
"""A float file may go over full scale; one with more than +24 dB holds numbers on another scale."""
STREAMED_SIZE = 2**31 - 4096
"""Programs that write WAV to a pipe declare about 2**31 or 2**32 bytes; that is no sign of truncation."""
SYSTEM_ERROR = 2
"""libsndfile's code of what the system refuses."""
TRIED_BYTES = 2**18
"""Written to hear what that is."""
UNKNOWN_FRAMES = 2**62
"""libsndfile gives a FLAC file that was written to a pipe at least so many."""
USUAL_RATE = 48_000
WHOLE_SHARE = 0.98
"""Of the frames that a header declares; MP3 headers tell the length less exactly."""

_stderr_lock = Lock()


def read_audio(path: Path | str, rate: int | None = None, min_seconds: float = 0.0) -> tuple[Waveform, int]:
    """Read a whole recording as mono float32.

    Args:
        path: any file that libsndfile reads (WAV, FLAC, Ogg Vorbis, Opus, MP3, …); channels are averaged.
        rate: resample to this rate (Hz); None keeps the file's own.
        min_seconds: a shorter recording is refused.

    Returns:
        The waveform (T,) and its rate in Hz.

    Raises:
        AudioError: the file is missing, unreadable, truncated, empty, too short, of a rate outside 1 to
            384 kHz, or holds NaN, infinity or samples far over full scale.
    """
    recording = Recording(path)
    wav = _joined(recording.chunks())
    if wav.size < min_seconds * recording.rate:
        seconds = wav.size / recording.rate
        raise AudioError(f"{path} is too short: {seconds:.2f} s", f"give at least {min_seconds:g} s")
    if rate is None:
        return wav, recording.rate
    return resample(wav, recording.rate, rate), rate


def _joined(chunks: Iterable[Waveform]) -> Waveform:
    """Chunks (T_i,) behind each other, in memory that grows in place instead of holding all twice."""
    samples = array("f")
    for chunk in chunks:
        samples.frombytes(chunk.tobytes())
    return np.frombuffer(samples, np.float32)


def audio_chunks(path: Path | str, rate: int) -> Iterator[Waveform]:
    """Read a recording of any length in chunks (T_i,) at `rate` Hz, in memory that does not grow.

    Raises:
        AudioError: as `read_audio`; what is wrong within the file is raised where it is reached.
    """
    recording = Recording(path)
    return resample_chunks(recording.chunks(), recording.rate, rate)


def decode_audio(data: bytes, name: str, most_seconds: float) -> tuple[Waveform, int]:
    """Read a whole recording that is in memory, as `read_audio` reads a file.

    Args:
        data: what a file of it would hold.
        name: what errors call it; no file of this name is looked at.
        most_seconds: a longer recording is refused before it is all in memory; at rates over 48 kHz in
            proportion.

    Raises:
        AudioError: as `read_audio`; it is longer.
    """
    recording = Recording(Path(name), data)
    most = most_seconds * min(recording.rate, USUAL_RATE)
    chunks, samples = [], 0
    for chunk in recording.chunks():
        chunks.append(chunk)
        samples += chunk.size
        if samples > most:
            raise AudioError(f"{name} is longer than {most / recording.rate:g} s", "cut it into shorter ones")
    return np.concatenate(chunks), recording.rate


class Recording:
    """An audio file whose header has been read.

    Args:
        path: the file, or what errors call `data`.
        data: what the file holds; None for one on disk.

    Attributes:
        path: as given.
        rate: Hz.
        declared: frames that the header declares; None where it does not know.

    Raises:
        AudioError: it is missing or unreadable, or has a rate that no recording has.
    """

    def __init__(self, path: Path | str, data: bytes | None = None) -> None:
        self.path, self._data = Path(path), data
        with self._opened() as sound:
            self.rate = int(sound.samplerate)
            self.declared = sound.frames if sound.frames < UNKNOWN_FRAMES else None
        check_rate(self.rate, str(path))

    @property
    def seconds(self) -> float | None:
        """As the header declares them."""
        return None if self.declared is None else self.declared / self.rate

    def chunks(self) -> Iterator[Waveform]:
        """The recording in chunks (T_i,), channels averaged.

        Raises:
            AudioError: it is truncated, empty, or holds what no recording holds.
        """
        frames = 0
        with self._opened() as sound:
            while len(channels := self._read(sound)):
                frames += len(channels)
                with np.errstate(invalid="ignore", over="ignore"):  # infinities are told below
                    mono = channels.mean(axis=1, dtype=np.float32)
                yield self._checked(mono)
            log = sound.extra_info
        if frames < WHOLE_SHARE * (self.declared or 0) or _declares_more(log) or self._is_cut_ogg():
            raise AudioError(f"{self.path} is truncated after {frames / self.rate:.2f} s", "copy it again")
        if frames == 0:
            raise AudioError(f"{self.path} holds no samples", "remove it or record it again")

    def _read(self, sound: soundfile.SoundFile) -> NDArray[np.float32]:
        with _quiet_decoder(self._is_mp3()):
            block: NDArray[np.float32] = sound.read(BLOCK, dtype="float32", always_2d=True)
        return block

    def _checked(self, wav: Waveform) -> Waveform:
        peak = float(np.abs(wav).max())
        if not np.isfinite(peak):
            raise AudioError(
                f"{self.path} holds a NaN or an infinity", "convert its source to integer PCM again"
            )
        if peak > MOST_PEAK:
            raise AudioError(
                f"{self.path} holds samples of {peak:.3g}, where full scale is 1",
                "scale it, or convert its source to integer PCM",
            )
        return wav

    @contextmanager
    def _opened(self) -> Iterator[soundfile.SoundFile]:
        import soundfile

        self._require_file()
        try:
            with _quiet_decoder(self._is_mp3()):
                # a name as bytes: soundfile can't encode one that is not UTF-8
                source = os.fsencode(self.path) if self._data is None else io.BytesIO(self._data)
                sound = _sequential_file()(source)
            with sound:
                yield sound
        except TypeError as error:
            raise AudioError(f"{self.path} is sound without a header", "convert it to WAV") from error
        except (soundfile.LibsndfileError, OSError, ValueError) as error:
            raise AudioError(
                f"can't read {self.path} as audio (truncated or in an unknown form)",
                "copy it again, or convert it to WAV",
            ) from error

    def _require_file(self) -> None:
        if self._data is None and not is_file(self.path):
            raise AudioError(f"no audio file {self.path}", "check the path")

    def _stream(self) -> BinaryIO:
        return self.path.open("rb") if self._data is None else io.BytesIO(self._data)

    def _is_mp3(self) -> bool:
        with self._stream() as stream:
            return _is_mp3(stream)

    def _is_cut_ogg(self) -> bool:
        with self._stream() as stream:
            return _is_cut_ogg(stream)


@lru_cache(maxsize=1)
def _sequential_file() -> type[soundfile.SoundFile]:
    import soundfile

    class SequentialFile(soundfile.SoundFile):
        """soundfile seeks after each read, which fails in a FLAC file of unknown length."""

        def seekable(self) -> bool:
            return False

    return SequentialFile


@contextmanager
def _quiet_decoder(is_mp3: bool) -> Iterator[None]:
    """Keep libmpg123, which decodes MP3, from writing its notes to the process's stderr."""
    if not is_mp3:
        yield
        return
    with _stderr_lock:
        sys.stderr.flush()
        own = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        try:
            yield
        finally:
            os.dup2(own, 2)
            os.close(own)
            os.close(nowhere)


def _is_mp3(stream: BinaryIO) -> bool:
    start = stream.read(3)
    return start == b"ID3" or (len(start) == 3 and start[0] == 0xFF and start[1] & 0xE0 == 0xE0)


def _declares_more(log: str) -> bool:
    """Whether libsndfile's log of the headers notes a chunk that announces more bytes than the file has."""
    sizes = re.findall(r"(\d+) \(should be (\d+)\)", log)
    return any(int(actual) < int(declared) < STREAMED_SIZE for declared, actual in sizes)


def _is_cut_ogg(stream: BinaryIO) -> bool:
    """Whether an Ogg file ends within a page or without the page flagged as the last.

    libsndfile reads a cut Vorbis file to its last whole page without a word.
    """
    header_size, largest_page, last_page_flag = 27, 27 + 255 + 255 * 255, 0x04  # RFC 3533, section 6
    if stream.read(4) != b"OggS":
        return False
    size = stream.seek(0, 2)
    stream.seek(max(0, size - largest_page))
    tail = stream.read()
    # The last capture pattern whose page ends with the file; the pattern may occur by chance within a page.
    start = tail.rfind(b"OggS")
    while start >= 0:
        header = tail[start : start + header_size]
        if len(header) == header_size and header[4] == 0:
            lacing = tail[start + header_size : start + header_size + header[26]]
            if start + header_size + len(lacing) + sum(lacing) == len(tail):
                return not header[5] & last_page_flag
        start = tail.rfind(b"OggS", 0, start)
    return True


def write_audio(path: Path | str, wav: NDArray[np.floating], rate: int) -> None:
    """Write a waveform (T,) as 16-bit PCM, atomically, in the format that the suffix names.

    Raises:
        AudioError: the waveform is empty, not finite, silent or clipped, or no 16-bit format has the suffix;
            no file is written.
    """
    import soundfile

    path = Path(path)
    check_waveform(wav, str(path))
    audio_format = path.suffix[1:].upper()
    if not soundfile.check_format(audio_format, "PCM_16"):
        raise AudioError(f"{path} has no suffix of a 16-bit PCM format", "name it .wav or .flac")
    with replacing_file(path) as temporary, told_errors(temporary):
        soundfile.write(temporary, wav, rate, subtype="PCM_16", format=audio_format)


@contextmanager
def told_errors(path: Path) -> Iterator[None]:
    """Raise what the system says of a file that can't be written, such as that the disk is full.

    libsndfile only says that there is something, so the file is written to once more to hear it.

    Raises:
        OSError: what the system says; it names the file.
    """
    import soundfile

    try:
        yield
    except soundfile.LibsndfileError as error:
        if error.code != SYSTEM_ERROR:
            raise
        try:
            with path.open("ab") as file:
                file.write(bytes(TRIED_BYTES))
        except OSError as said:
            raise OSError(said.errno, said.strerror, str(path)) from error
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path)) from error
