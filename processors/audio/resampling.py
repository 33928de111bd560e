"""Changing the sampling rate: soxr for recordings, a differentiable filter for training."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from hiervox.processors.audio.waveform import Waveform
from hiervox.utils.errors import AudioError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

LEAST_RATE, MOST_RATE = 1_000, 384_000
"""Hz; a file's header that says anything else is broken, or not of a recording."""
QUALITY = "VHQ"
"""soxr's; flat up to 0.91 of half the lower rate, nothing above that half."""
ZERO_CROSSINGS, ROLLOFF, BETA = 64, 0.9475937167399596, 14.769656459379492
"""The filter of `resample_tensor` is resampy's `kaiser_best`, flat over about the same band as soxr's."""
LONGEST_PERIOD = 1_000
"""Of `resample_tensor`, whose kernel has a row for each sample of a period: 441 for 44.1 to 16 kHz."""


def check_rate(rate: int, name: str) -> None:
    """Refuse a sampling rate that no recording has.

    Raises:
        AudioError: it is outside `LEAST_RATE` to `MOST_RATE`; the message starts with `name`.
    """
    if not isinstance(rate, int | np.integer) or isinstance(rate, bool):
        raise AudioError(f"{name}: {rate!r} is no sampling rate", "give it in Hz, a whole number")
    if not LEAST_RATE <= rate <= MOST_RATE:
        raise AudioError(
            f"{name} has a sampling rate of {rate} Hz",
            f"use a recording of {LEAST_RATE} to {MOST_RATE} Hz",
        )


def resample(wav: Waveform, from_rate: int, to_rate: int) -> Waveform:
    """Change the sampling rate of a waveform (T,) → (ceil(T · to / from),), in time and memory linear in T.

    The published code takes torchaudio's default filter of 6 zero crossings, which lets a tone at 10 kHz
    through at -20 dB from 24 to 16 kHz; this one leaves nothing of it.

    Raises:
        AudioError: a rate that no recording has.
    """
    check_rate(from_rate, "the waveform")
    if from_rate == to_rate:
        return wav
    check_rate(to_rate, "the result")
    import soxr

    resampled: Waveform = soxr.resample(np.asarray(wav, np.float32), from_rate, to_rate, quality=QUALITY)
    return _fitted(resampled, -(-wav.size * to_rate // from_rate))


def resample_chunks(chunks: Iterable[Waveform], from_rate: int, to_rate: int) -> Iterator[Waveform]:
    """`resample` of a waveform that comes in chunks (T_i,); what comes out, concatenated, is as long.

    Raises:
        AudioError: a rate that no recording has.
    """
    if from_rate == to_rate:
        yield from chunks
        return
    check_rate(from_rate, "the waveform")
    check_rate(to_rate, "the result")
    import soxr

    stream = soxr.ResampleStream(from_rate, to_rate, 1, dtype="float32", quality=QUALITY)
    taken = given = 0
    for chunk in chunks:
        taken += chunk.size
        part = stream.resample_chunk(np.asarray(chunk, np.float32))
        given += part.size
        yield part
    rest = stream.resample_chunk(np.zeros(0, np.float32), last=True)
    yield _fitted(rest, max(0, -(-taken * to_rate // from_rate) - given))


def _fitted(wav: Waveform, samples: int) -> Waveform:
    """Exactly `samples` long: soxr rounds the length, at times to one sample less."""
    return np.pad(wav[:samples], (0, max(0, samples - wav.size)))


def resample_tensor(wav: Tensor, from_rate: int, to_rate: int) -> Tensor:
    """Change the sampling rate of (..., T) → (..., ceil(T · to / from)) on its device, differentiably.

    Kaiser-windowed sinc interpolation as a convolution (J. O. Smith, "Digital audio resampling").

    Raises:
        AudioError: two rates with so small a common divisor that the kernel would be out of proportion.
    """
    if from_rate == to_rate:
        return wav
    divisor = math.gcd(from_rate, to_rate)
    old, new = from_rate // divisor, to_rate // divisor
    if max(old, new) > LONGEST_PERIOD:
        raise AudioError(
            f"can't convert {from_rate} to {to_rate} Hz in a network", "use data of a more common rate"
        )
    from torch.nn import functional as F

    kernel = _sinc_kernel(old, new, wav.device).to(wav.dtype)
    margin = (kernel.shape[-1] - old) // 2
    flat = F.pad(wav.reshape(-1, 1, wav.shape[-1]), (margin, margin + old))
    resampled = F.conv1d(flat, kernel, stride=old).transpose(1, 2).reshape(flat.shape[0], -1)
    samples = -(-wav.shape[-1] * new // old)
    return resampled[:, :samples].reshape(*wav.shape[:-1], samples)


@lru_cache(maxsize=16)
def _sinc_kernel(old: int, new: int, device: torch.device) -> Tensor:
    """(new, 1, width): the filter that gives each of `new` samples from those around `old` ones."""
    import torch

    with torch.inference_mode(False):  # autograd refuses a cached tensor that was made within
        cutoff = min(old, new) * ROLLOFF
        width = math.ceil(ZERO_CROSSINGS * old / cutoff)
        places = torch.arange(-width, width + old, dtype=torch.float64) / old
        phases = -torch.arange(new, dtype=torch.float64)[:, None] / new
        time = ((places + phases) * cutoff).clamp(-ZERO_CROSSINGS, ZERO_CROSSINGS)
        window = torch.special.i0(BETA * (1 - (time / ZERO_CROSSINGS) ** 2).sqrt())
        window /= torch.special.i0(torch.tensor(BETA, dtype=torch.float64))
        kernel = torch.sinc(time) * window * (cutoff / old)
        return kernel[:, None].float().to(device)
