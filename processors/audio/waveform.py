"""What a waveform is here: a mono float32 array (T,), full scale at ±1; its levels and its padding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hiervox.utils.errors import AudioError

if TYPE_CHECKING:
    from torch import Tensor

Waveform = NDArray[np.float32]
WavT = TypeVar("WavT", NDArray[np.float32], "Tensor")

SAMPLE_RATE = 16_000
"""Hz; the rate that the models see and speak at."""
FRAME_RATE = 50
"""Frames per second of every low-rate sequence; F0 has four values to a frame."""
HOP_LENGTH = SAMPLE_RATE // FRAME_RATE
PAD_MULTIPLE = 1280
"""The published models see 16 kHz waveforms padded to a multiple of this (80 ms, four 50 Hz frames)."""
SILENCE_PEAK = 1e-4
"""A waveform whose peak stays under this (-80 dBFS, about three steps of 16-bit PCM) is silent."""
FLAT_LEVEL = 0.9995
FLAT_SHARE = 0.01
"""A waveform with more than this share of samples at `FLAT_LEVEL` or above has been clipped."""

BLOCK = 2**22
"""Samples in double precision at once."""
FULL_SCALES = {"int16": 2.0**15, "int32": 2.0**31, "uint8": 2.0**7}
"""Of PCM samples by kind; those of 8 bits lie around 128, as in WAV files."""


def as_waveform(wav: NDArray[Any], name: str) -> Waveform:
    """Samples (T,) of a caller as float32, full scale at ±1: floats as they are, PCM scaled by its bits.

    Raises:
        AudioError: samples of another kind, whose full scale nothing says, or no array; the message starts
            with `name`.
    """
    if not isinstance(wav, np.ndarray):
        raise AudioError(f"{name}: a {type(wav).__name__} is no waveform", "give a numpy array of samples")
    if wav.dtype.kind == "f":
        return np.ascontiguousarray(wav, np.float32)
    if (full_scale := FULL_SCALES.get(wav.dtype.name)) is None:
        raise AudioError(
            f"{name}: samples of {wav.dtype} have no full scale",
            "give floats at ±1, or int16, int32 or uint8",
        )
    middle = full_scale if wav.dtype.kind == "u" else 0.0
    return ((wav.astype(np.float64) - middle) / full_scale).astype(np.float32)


def require_one_channel(wav: NDArray[Any], name: str) -> None:
    """Refuse samples of several channels, and none at all.

    Raises:
        AudioError: such samples; the message starts with `name`.
    """
    if wav.ndim != 1 or wav.size == 0:
        raise AudioError(
            f"{name}: a waveform of shape {wav.shape} can't be used", "give samples of one channel"
        )


def as_recording(wav: NDArray[Any], name: str) -> Waveform:
    """`as_waveform` of what a network takes: finite samples (T,) of one channel.

    Raises:
        AudioError: as `as_waveform` and `require_one_channel`; a sample is not finite.
    """
    wav = as_waveform(wav, name)
    require_one_channel(wav, name)
    if not np.isfinite(wav).all():
        raise AudioError(f"{name} holds a NaN or an infinity", "convert it again from its source")
    return wav


def check_waveform(wav: NDArray[np.floating], name: str) -> None:
    """Refuse a waveform (T,) that no one should hear.

    Raises:
        AudioError: it is empty, not finite, silent (peak under -80 dBFS), over full scale, or flat-topped
            (more than 1 % of its samples at full scale); the message starts with `name`.
    """
    require_one_channel(wav, name)
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
    require_finite(np.float32(peak), name)
    if peak < SILENCE_PEAK:
        raise AudioError(f"{name}: the waveform is silent", "check the input and the weights")
    if peak > 1.0:
        raise AudioError(f"{name}: the waveform clips (peak {peak:.3f})", "normalise its peak to under 1")


def require_finite(wav: NDArray[np.floating] | np.floating, name: str) -> None:
    """Refuse what a network has made whose weights are broken.

    Raises:
        AudioError: a sample is not finite; the message starts with `name`.
    """
    if not np.isfinite(wav).all():
        raise AudioError(f"{name}: the waveform holds a NaN or an infinity", "use other weights, or float32")


def require_sound(chunks: Iterable[Waveform], name: str, allow_clipped: bool = False) -> Iterator[Waveform]:
    """Pass a recording's chunks (T_i,) on, and refuse it at its end if there was nothing in it to work on.

    Raises:
        AudioError: it is silent, or (unless `allow_clipped`) more than 1 % of it is at full scale; the text
            starts with `name`.
    """
    samples = flat = 0
    peak = 0.0
    for chunk in chunks:
        magnitude = np.abs(chunk)
        samples, flat = samples + chunk.size, flat + int((magnitude >= FLAT_LEVEL).sum())
        peak = max(peak, float(magnitude.max(initial=0.0)))
        yield chunk
    if peak < SILENCE_PEAK:
        raise AudioError(f"{name} is silent", "give a recording of speech")
    if flat > FLAT_SHARE * samples and not allow_clipped:
        raise AudioError(
            f"{name} is clipped ({flat / samples:.0%} of it at full scale)", "record it at a lower level"
        )


def rms_dbfs(wav: NDArray[np.floating]) -> float:
    """Root-mean-square level in dB relative to full scale; -inf for digital silence or an empty waveform."""
    flat = wav.reshape(-1)
    sums = [
        float(np.square(flat[at : at + BLOCK], dtype=np.float64).sum()) for at in range(0, wav.size, BLOCK)
    ]
    power = sum(sums) / max(1, wav.size)
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


def pad_to_multiple(wav: WavT) -> WavT:
    """Append zeros to (..., T) up to the next multiple of 1280 samples, always at least one, as published.

    So every frame sequence of a 16 kHz waveform has a whole length: N = T / 320 frames, 4N values of F0.
    """
    missing = PAD_MULTIPLE - wav.shape[-1] % PAD_MULTIPLE
    if isinstance(wav, np.ndarray):
        return np.pad(wav, [(0, 0)] * (wav.ndim - 1) + [(0, missing)])
    from torch.nn.functional import pad

    return pad(wav, (0, missing))
