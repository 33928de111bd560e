"""Compiled passes of an alias-free Snake activation; for `fused_activation`: importing this imports numba.

The filter has 12 taps and the rate is doubled, so both filters fall into two phases of six taps: with h the
taps, x the input and indices clamped to the signal's ends,

    even[t] = 2 Σ_j h[2j + 1] x[t + 2 - j]      odd[t] = 2 Σ_j h[2j] x[t + 3 - j]      j = 0 … 5
    y[t] = Σ_j h[2j + 1] a(even[t + j - 2]) + Σ_j h[2j] a(odd[t + j - 3])

Rows (one channel of one item each) are worked on in blocks that stay in the cache, and every inner loop runs
over contiguous time, which is what the compiler vectorises.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numba.core import types
from numba.extending import overload
from numpy.typing import NDArray

from hiervox.modules.kernels.compiled import compiled
from hiervox.modules.kernels.sine_fits import COSINE, ROUNDER, SINE

Array = NDArray[Any]

BLOCK = 2048
CHUNK_VALUES = 4096
MARGIN = 3
"""Samples of the doubled phases on either side of a block that its outputs depend on."""
HALO = 2 * MARGIN
"""Input samples on either side."""

_2, _3, _4, _5, _6 = (np.uintp(number) for number in range(2, 7))
# Cody and Waite: the parts of π have so few bits that a multiple of the first two is exact in float32.
_PI_HIGH = np.float32(3.140625)
_PI_MIDDLE = np.float32(9.670257568359375e-4)
_PI_LOW = np.float32(math.pi - 3.140625 - 9.670257568359375e-4)
_INVERSE_PI = np.float32(1 / math.pi)
_ROUNDER = np.float32(ROUNDER)
_S1, _S3, _S5, _S7, _S9 = (np.float32(value) for value in SINE)
_C0, _C2, _C4, _C6, _C8, _C10 = (np.float32(value) for value in COSINE)


def sine_and_cosine(angle: float) -> tuple[float, float]:
    """sin and cos of an angle, both with the sign that a shift by a multiple of π leaves them."""
    return math.sin(angle), math.cos(angle)


@overload(sine_and_cosine, inline="always")
def _choose_sine_and_cosine(angle):  # type: ignore[no-untyped-def]  # numba compares signatures
    if angle == types.float64:
        return lambda angle: (math.sin(angle), math.cos(angle))

    def by_polynomials(angle):  # type: ignore[no-untyped-def]
        multiple = (angle * _INVERSE_PI + _ROUNDER) - _ROUNDER
        rest = ((angle - multiple * _PI_HIGH) - multiple * _PI_MIDDLE) - multiple * _PI_LOW
        square = rest * rest
        sine = rest * (_S1 + square * (_S3 + square * (_S5 + square * (_S7 + square * _S9))))
        cosine = _C0 + square * (_C2 + square * (_C4 + square * (_C6 + square * (_C8 + square * _C10))))
        return sine, cosine

    return by_polynomials


@njit(inline="always")
def _load(row: Array, first: int, window: Array, size: int, clamp: bool) -> None:
    """`window[k] = row[first + k]` for k under `size`; outside the row its end (clamp) or zero."""
    before = min(max(-first, 0), size)
    inside = max(min(row.size - first, size), before)
    for k in range(before):
        window[k] = row[0] if clamp else 0
    for k in range(before, inside):
        window[k] = row[first + k]
    for k in range(inside, size):
        window[k] = row[row.size - 1] if clamp else 0


@njit(inline="always")
def _split(window: Array, taps: Array, even: Array, odd: Array, size: Any, step: Any) -> None:
    """The phases of `size` values from a window that begins `MARGIN` samples, of `step` values, before."""
    h0, h1, h2, h3, h4, h5 = taps[0], taps[2], taps[4], taps[6], taps[8], taps[10]
    g0, g1, g2, g3, g4, g5 = taps[1], taps[3], taps[5], taps[7], taps[9], taps[11]
    for k in range(size):
        a, b, c, d = (
            window[k],
            window[k + step],
            window[k + _2 * step],
            window[k + _3 * step],
        )
        e, f, g = (
            window[k + _4 * step],
            window[k + _5 * step],
            window[k + _6 * step],
        )
        even[k] = g5 * a + g4 * b + g3 * c + g2 * d + g1 * e + g0 * f
        odd[k] = h5 * b + h4 * c + h3 * d + h2 * e + h1 * f + h0 * g


@njit(inline="always")
def _merge(even: Array, odd: Array, taps: Array, k: Any, step: Any) -> Any:
    """The value that lies `MARGIN` samples behind value k of both phases; the transpose of `_split`."""
    return (
        taps[1] * even[k + step]
        + taps[3] * even[k + _2 * step]
        + taps[5] * even[k + _3 * step]
        + taps[7] * even[k + _4 * step]
        + taps[9] * even[k + _5 * step]
        + taps[11] * even[k + _6 * step]
        + taps[0] * odd[k]
        + taps[2] * odd[k + step]
        + taps[4] * odd[k + _2 * step]
        + taps[6] * odd[k + _3 * step]
        + taps[8] * odd[k + _4 * step]
        + taps[10] * odd[k + _5 * step]
    )


@njit(inline="always")
def _block_size(samples: int, start: int) -> int:
    """Samples of the block that begins at `start`; the last one takes what would be too short for its own."""
    rest = samples - start
    return rest if rest < BLOCK + HALO else BLOCK


@njit(inline="always")
def _activate(values: Array, alpha: Any, magnitude: Any, size: int) -> None:
    for k in range(size):
        sine, _ = sine_and_cosine(alpha * values[k])
        values[k] += magnitude * (sine * sine)


@compiled
def forward(
    x: Array,
    alpha: Array,
    magnitude: Array,
    up_taps: Array,
    taps: Array,
    y: Array,
    first: int,
    last: int,
) -> None:
    """Upsample, u + magnitude · sin²(αu), downsample.

    Args:
        x: (rows, T), contiguous float32 or float64; row r has channel r % C.
        alpha, magnitude: (C,)
        up_taps, taps: (12,) of the two filters.
        y: (rows, T), written.
        first, last: the rows to compute.
    """
    samples = x.shape[1]
    size = BLOCK + 2 * HALO
    window = np.empty(size + 2 * HALO, x.dtype)
    even, odd = np.empty(size, x.dtype), np.empty(size, x.dtype)
    for row in range(first, last):
        channel = row % alpha.size
        start = 0
        while start < samples:
            n = _block_size(samples, start)
            _load(x[row], start - HALO, window, n + 2 * HALO, True)
            _split(window, up_taps, even, odd, n + HALO, 1)
            _activate(even, alpha[channel], magnitude[channel], n + HALO)
            _activate(odd, alpha[channel], magnitude[channel], n + HALO)
            if start == 0:
                even[:MARGIN] = even[MARGIN]
                odd[:MARGIN] = even[MARGIN]
            if start + n == samples:
                even[n + MARGIN : n + HALO] = odd[n + MARGIN - 1]
                odd[n + MARGIN : n + HALO] = odd[n + MARGIN - 1]
            for k in range(n):
                y[row, start + k] = _merge(even, odd, taps, k, 1)
            start += n


@compiled
def forward_channels_last(
    x: Array, alpha: Array, magnitude: Array, up_taps: Array, taps: Array, y: Array, first: int, last: int
) -> None:
    """`forward` where the channels of a sample lie side by side.

    Args:
        x: (B, T, C), contiguous.
        alpha, magnitude, up_taps, taps: as for `forward`.
        y: (B, T, C), written.
        first, last: the chunks to compute, of `chunk_samples(C)` samples, counted over all items.
    """
    samples, channels = x.shape[1:]
    chunk, step = chunk_samples(channels), np.uintp(channels)
    chunks = -(-samples // chunk)
    size = (chunk + HALO) * channels
    window = np.empty(size + HALO * channels, x.dtype)
    even, odd = np.empty(size, x.dtype), np.empty(size, x.dtype)
    frequency, depth = np.empty(size, x.dtype), np.empty(size, x.dtype)
    for k in range(size):
        frequency[k], depth[k] = alpha[k % channels], magnitude[k % channels]
    for place in range(first, last):
        item, start = place // chunks, place % chunks * chunk
        n = min(chunk, samples - start)
        for k in range(n + 2 * HALO):
            row = min(max(start - HALO + k, 0), samples - 1)
            window[k * channels : (k + 1) * channels] = x[item, row]
        values = np.uintp((n + HALO) * channels)  # unsigned: a sign would have to be looked at
        _split(window, up_taps, even, odd, values, step)
        for phase in (even, odd):
            for k in range(values):
                sine, _ = sine_and_cosine(frequency[k] * phase[k])
                phase[k] += depth[k] * (sine * sine)
        for k in range(MARGIN - start):  # the activated signal's first sample is repeated before it
            even[k * channels : (k + 1) * channels] = even[(MARGIN - start) * channels :][:channels]
            odd[k * channels : (k + 1) * channels] = even[(MARGIN - start) * channels :][:channels]
        end = samples - start + MARGIN
        for k in range(end, n + HALO):
            even[k * channels : (k + 1) * channels] = odd[(end - 1) * channels : end * channels]
            odd[k * channels : (k + 1) * channels] = odd[(end - 1) * channels : end * channels]
        out = y[item, start : start + n].reshape(n * channels)
        for k in range(np.uintp(n * channels)):
            out[k] = _merge(even, odd, taps, k, step)


@njit
def chunk_samples(channels: int) -> int:
    """Samples of so many channels that fit the cache together with both their phases."""
    return max(CHUNK_VALUES // channels, HALO)


@njit(fastmath={"contract", "nsz", "reassoc"})
def _sum(values: Array, first: int, last: int) -> float:
    """Sum of `values[first:last]`; alone in being allowed to reorder, which would spoil `sine_and_cosine`."""
    total = values[0] * 0
    for k in range(first, last):
        total += values[k]
    return float(total)


@njit(inline="always")
def _differentiate(
    values: Array,
    gradient: Array,
    alpha: Any,
    magnitude: Any,
    by_magnitude: Array,
    size: int,
) -> None:
    """Gradients of u + magnitude · sin²(αu).

    Args:
        values: u; overwritten by the gradient by α at each sample.
        gradient: by the activated signal; overwritten by that by u.
        by_magnitude: overwritten by the gradient by the magnitude at each sample.
    """
    for k in range(size):
        sine, cosine = sine_and_cosine(alpha * values[k])
        product = magnitude * (sine * cosine)
        slope = gradient[k] * (product + product)
        by_magnitude[k] = gradient[k] * (sine * sine)
        values[k] *= slope
        gradient[k] += alpha * slope


@compiled
def backward(
    x: Array,
    gradient: Array,
    alpha: Array,
    magnitude: Array,
    up_taps: Array,
    taps: Array,
    by_x: Array,
    by_alpha: Array,
    by_magnitude: Array,
    first: int,
    last: int,
) -> None:
    """Gradients of `forward`; the doubled signal is computed again from x.

    Args:
        x, alpha, magnitude, up_taps, taps: as for `forward`.
        gradient: (rows, T) by y.
        by_x: (rows, T), written.
        by_alpha, by_magnitude: (rows,) float64, written.
        first, last: the rows to compute.
    """
    samples = x.shape[1]
    size = BLOCK + 2 * HALO
    window = np.empty(size + 2 * HALO, x.dtype)
    even, odd = np.empty(size, x.dtype), np.empty(size, x.dtype)
    by_even, by_odd, scratch = np.empty(size, x.dtype), np.empty(size, x.dtype), np.empty(size, x.dtype)
    for row in range(first, last):
        channel = row % alpha.size
        by_alpha[row], by_magnitude[row] = 0, 0
        start = 0
        while start < samples:
            n = _block_size(samples, start)
            begins, ends = start == 0, start + n == samples
            _load(gradient[row], start - HALO, window, n + 2 * HALO, False)
            _split(window, taps, by_even, by_odd, n + HALO, 1)
            _load(x[row], start - HALO, window, n + 2 * HALO, True)
            _split(window, up_taps, even, odd, n + HALO, 1)
            if begins:  # the activated signal's first sample was repeated before it
                by_even[MARGIN] += by_even[:MARGIN].sum() + by_odd[:MARGIN].sum()
                by_even[:MARGIN] = 0
                by_odd[:MARGIN] = 0
            if ends:
                behind = slice(n + MARGIN, n + HALO)
                by_odd[n + MARGIN - 1] += by_even[behind].sum() + by_odd[behind].sum()
                by_even[behind] = 0
                by_odd[behind] = 0
            for values, by_values in ((even, by_even), (odd, by_odd)):
                _differentiate(values, by_values, alpha[channel], magnitude[channel], scratch, n + HALO)
                by_alpha[row] += _sum(values, MARGIN, n + MARGIN)
                by_magnitude[row] += _sum(scratch, MARGIN, n + MARGIN)
            for k in range(n):
                by_x[row, start + k] = _merge(by_even, by_odd, up_taps, k, 1)
            if begins:  # the input's first sample was repeated before it
                by_x[row, 0] += _outside(by_even, by_odd, up_taps, -MARGIN, 0, n)
            if ends:
                by_x[row, samples - 1] += _outside(by_even, by_odd, up_taps, n, n + MARGIN, n)
            start += n


@njit(inline="always")
def _outside(even: Array, odd: Array, taps: Array, first: int, last: int, n: int) -> Any:
    """The sum of `_merge` over places outside the signal, where both phases are zero beyond the block."""
    total = taps[0] * 0
    for k in range(first, last):
        for j in range(6):
            if 0 <= k + j < n + HALO:
                total += taps[2 * j] * odd[k + j]
            if 0 <= k + j + 1 < n + HALO:
                total += taps[2 * j + 1] * even[k + j + 1]
    return total
