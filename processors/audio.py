"""Waveforms on disk and in memory: mono float32 arrays of shape (T,), full scale at ±1."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from hiervox.utils.errors import AudioError
from hiervox.utils.files import replacing_file

if TYPE_CHECKING:
    from torch import Tensor

Waveform = NDArray[np.float32]
WavT = TypeVar("WavT", NDArray[np.float32], "Tensor")

SAMPLE_RATE = 16_000
"""Hz; the rate that the models see and speak at."""
FRAME_RATE = 50
"""Frames per second of every low-rate sequence; F0 has four values to a frame."""
HOP_LENGTH = SAMPLE_RATE // FRAME_RATE
GRID_SAMPLES = 1280
"""The published models see 16 kHz waveforms padded to a multiple of this (80 ms, four 50 Hz frames)."""
SILENCE_PEAK = 1e-4
"""A waveform whose peak stays under this (-80 dBFS, about three steps of 16-bit PCM) is silent."""
FLAT_LEVEL = 0.9995
FLAT_SHARE = 0.01
"""A waveform with more than this share of samples at `FLAT_LEVEL` or above has been clipped."""
KAISER_BEST = {"lowpass_filter_width": 64, "rolloff": 0.9475937167399596, "beta": 14.769656459379492}
"""resampy's `kaiser_best` in torchaudio's terms."""
STREAMED_SIZE = 2**31 - 4096
"""Programs that write WAV to a pipe declare about 2**31 or 2**32 bytes; that is no sign of truncation."""


def read_audio(path: Path | str, rate: int | None = None, min_seconds: float = 0.0) -> tuple[Waveform, int]:
    """Read a whole recording as mono float32.

    Args:
        path: any file that libsndfile reads (WAV, FLAC, Ogg Vorbis, Opus, MP3, …); channels are averaged.
        rate: resample to this rate (Hz); None keeps the file's own.
        min_seconds: a shorter recording is refused.

    Returns:
        The waveform (T,) and its rate in Hz.

    Raises:
        AudioError: the file is missing, unreadable, truncated, empty, too short, or holds NaN or infinity.
    """
    import soundfile

    path = Path(path)
    if not path.is_file():
        raise AudioError(f"no audio file {path}", "check the path")
    try:
        with soundfile.SoundFile(path) as stream:
            own_rate, frames, log = int(stream.samplerate), int(stream.frames), stream.extra_info
            channels = stream.read(dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError, ValueError) as error:
        # ValueError: numpy has no room for the length that libsndfile gives a FLAC file written to a pipe.
        mend = "copy it again, or convert it to WAV"
        raise AudioError(f"can't read {path} as audio (truncated or in an unknown form)", mend) from error
    if len(channels) < 0.98 * frames or _declares_more(log) or _is_cut_ogg(path):
        raise AudioError(f"{path} is truncated after {len(channels) / own_rate:.2f} s", "copy it again")
    if len(channels) == 0:
        raise AudioError(f"{path} holds no samples", "remove it or record it again")
    if len(channels) < min_seconds * own_rate:
        seconds = len(channels) / own_rate
        raise AudioError(f"{path} is too short: {seconds:.2f} s", f"give at least {min_seconds:g} s")
    wav = channels.mean(axis=1, dtype=np.float32)
    if not np.isfinite(wav).all():
        raise AudioError(f"{path} holds a NaN or an infinity", "convert its source to integer PCM again")
    if rate is None:
        return wav, own_rate
    return resample(wav, own_rate, rate), rate


def _declares_more(log: str) -> bool:
    """Whether libsndfile's log of the headers notes a chunk that announces more bytes than the file has."""
    sizes = re.findall(r"(\d+) \(should be (\d+)\)", log)
    return any(int(actual) < int(declared) < STREAMED_SIZE for declared, actual in sizes)


def _is_cut_ogg(path: Path) -> bool:
    """Whether an Ogg file ends within a page or without the page flagged as the last.

    libsndfile reads a cut Vorbis file to its last whole page without a word.
    """
    header_size, largest_page, last_page_flag = 27, 27 + 255 + 255 * 255, 0x04  # RFC 3533, section 6
    with path.open("rb") as stream:
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
    with replacing_file(path) as temporary:
        soundfile.write(temporary, wav, rate, subtype="PCM_16", format=audio_format)


def check_waveform(wav: NDArray[np.floating], name: str) -> None:
    """Refuse a waveform (T,) that no one should hear.

    Raises:
        AudioError: it is empty, not finite, silent (peak under -80 dBFS), over full scale, or flat-topped
            (more than 1 % of its samples at full scale); the message starts with `name`.
    """
    if wav.ndim != 1 or wav.size == 0:
        raise AudioError(
            f"{name}: a waveform of shape {wav.shape} can't be used", "give samples of one channel"
        )
    magnitude = np.abs(wav)
    check_peak(float(magnitude.max()), name)
    share = float((magnitude >= FLAT_LEVEL).mean())
    if share > FLAT_SHARE:
        raise AudioError(
            f"{name}: the waveform is clipped ({share:.0%} of it at full scale)", "lower its level"
        )


def check_peak(peak: float, name: str) -> None:
    """What `check_waveform` says of the largest magnitude alone.

    Raises:
        AudioError: it is not finite, under -80 dBFS, or over full scale.
    """
    if not np.isfinite(peak):
        raise AudioError(f"{name}: the waveform holds a NaN or an infinity", "use other weights, or float32")
    if peak < SILENCE_PEAK:
        raise AudioError(f"{name}: the waveform is silent", "check the input and the weights")
    if peak > 1.0:
        raise AudioError(f"{name}: the waveform clips (peak {peak:.3f})", "normalise its peak to under 1")


def resample(wav: Waveform, from_rate: int, to_rate: int) -> Waveform:
    """Change the sampling rate of a waveform (T,) → (ceil(T · to / from),).

    Kaiser-windowed sinc interpolation. The published code takes torchaudio's default width of 6 zero
    crossings, which lets a tone at 10 kHz through at -20 dB from 24 to 16 kHz; 64 leave nothing of it.
    """
    if from_rate == to_rate:
        return wav
    import torch
    from torchaudio.functional import resample as sinc_resample

    resampled: Tensor = sinc_resample(
        torch.from_numpy(np.ascontiguousarray(wav, np.float32)),
        from_rate,
        to_rate,
        resampling_method="sinc_interp_kaiser",
        **KAISER_BEST,
    )
    return resampled.numpy()


def loudness(wav: NDArray[np.floating]) -> float:
    """Root-mean-square level in dB relative to full scale; -inf for digital silence or an empty waveform."""
    power = float(np.mean(np.square(wav, dtype=np.float64))) if wav.size else 0.0
    return 10 * float(np.log10(power)) if power > 0 else -float("inf")


def peak_normalize(wav: Waveform, peak: float = 0.999) -> Waveform:
    """Scale a waveform so that its largest magnitude is `peak` (0.999 as published).

    Raises:
        AudioError: the waveform is silent.
    """
    largest = float(np.abs(wav).max(initial=0.0))
    if not largest >= SILENCE_PEAK:
        raise AudioError("a silent waveform has no level to change", "check what made it")
    return (wav * (peak / largest)).astype(np.float32)


def pad_to_grid(wav: WavT) -> WavT:
    """Append zeros to (..., T) up to the next multiple of 1280 samples, always at least one, as published.

    So every frame sequence of a 16 kHz waveform has a whole length: N = T / 320 frames, 4N values of F0.
    """
    missing = GRID_SAMPLES - wav.shape[-1] % GRID_SAMPLES
    if isinstance(wav, np.ndarray):
        return np.pad(wav, [(0, 0)] * (wav.ndim - 1) + [(0, missing)])
    from torch.nn.functional import pad

    return pad(wav, (0, missing))
