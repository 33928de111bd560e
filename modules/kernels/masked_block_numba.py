"""Compiled passes of a score U-Net's masked block; for `masked_block`: importing this imports numba.

Minimal filtering F(4 × 4, 3 × 3) with the points 0, ±1, ±2 and infinity (Lavin and Gray, arXiv 1509.09308,
section 4.3), on maps whose channels lie side by side, over which every inner loop runs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiervox.modules.kernels.compiled import compiled

Array = NDArray[Any]

_MOST, _PART = np.float32(20), np.float32(1 / 64)
"""Where exponents end, beyond which Mish is its input or 0 in float32."""
_ONE, _HALF = np.float32(1), np.float32(1 / 2)
_C3, _C4, _C5, _C6 = (np.float32(1 / number) for number in (6, 24, 120, 720))
_2, _4, _5, _8 = (np.float32(number) for number in (2, 4, 5, 8))
ROWS_TO_A_SUM = 64
"""Places that are added in float32 before their sum is added in float64."""


def _transform_samples(maps: Array, samples: Array, columns: int, first: int, last: int) -> None:
    """Rows of tiles `first` to `last` of a map (H, W, C), zeros around it, → samples (36, tiles, C)."""
    height, width, channels = maps.shape
    tile = np.zeros((6, 6, channels), np.float32)
    half = np.zeros((6, 6, channels), np.float32)
    for row in range(first, last):
        for column in range(columns):
            for a in range(6):
                y = 4 * row + a - 1
                for b in range(6):
                    x = 4 * column + b - 1
                    if y < 0 or y >= height or x < 0 or x >= width:
                        for k in range(channels):
                            tile[a, b, k] = 0
                    else:
                        for k in range(channels):
                            tile[a, b, k] = maps[y, x, k]
            for b in range(6):
                for k in range(channels):
                    d0, d1, d2 = tile[0, b, k], tile[1, b, k], tile[2, b, k]
                    d3, d4, d5 = tile[3, b, k], tile[4, b, k], tile[5, b, k]
                    even, odd = d4 - _4 * d2, d3 - _4 * d1
                    half[0, b, k] = _4 * d0 - _5 * d2 + d4
                    half[1, b, k] = even + odd
                    half[2, b, k] = even - odd
                    even, odd = d4 - d2, _2 * (d3 - d1)
                    half[3, b, k] = even + odd
                    half[4, b, k] = even - odd
                    half[5, b, k] = _4 * d1 - _5 * d3 + d5
            place = row * columns + column
            for a in range(6):
                for k in range(channels):
                    d0, d1, d2 = half[a, 0, k], half[a, 1, k], half[a, 2, k]
                    d3, d4, d5 = half[a, 3, k], half[a, 4, k], half[a, 5, k]
                    even, odd = d4 - _4 * d2, d3 - _4 * d1
                    samples[6 * a, place, k] = _4 * d0 - _5 * d2 + d4
                    samples[6 * a + 1, place, k] = even + odd
                    samples[6 * a + 2, place, k] = even - odd
                    even, odd = d4 - d2, _2 * (d3 - d1)
                    samples[6 * a + 3, place, k] = even + odd
                    samples[6 * a + 4, place, k] = even - odd
                    samples[6 * a + 5, place, k] = _4 * d1 - _5 * d3 + d5


def _transform_products(
    products: tuple[Array, ...], bias: Array, maps: Array, columns: int, first: int, last: int
) -> None:
    """Products, 36 of (tiles, C'), → rows of tiles `first` to `last` of a map (H, W, C')."""
    height, width, channels = maps.shape
    half = np.zeros((4, 6, channels), np.float32)
    for row in range(first, last):
        for column in range(columns):
            place = row * columns + column
            for b in range(6):
                p0, p1, p2 = products[b], products[6 + b], products[12 + b]
                p3, p4, p5 = products[18 + b], products[24 + b], products[30 + b]
                for k in range(channels):
                    m1, m2, m3, m4 = p1[place, k], p2[place, k], p3[place, k], p4[place, k]
                    near, near_odd, far, far_odd = m1 + m2, m1 - m2, m3 + m4, m3 - m4
                    half[0, b, k] = p0[place, k] + near + far
                    half[1, b, k] = near_odd + _2 * far_odd
                    half[2, b, k] = near + _4 * far
                    half[3, b, k] = near_odd + _8 * far_odd + p5[place, k]
            for a in range(4):
                y = 4 * row + a
                if y >= height:
                    continue
                for k in range(channels):
                    m0, m1, m2 = half[a, 0, k], half[a, 1, k], half[a, 2, k]
                    m3, m4, m5 = half[a, 3, k], half[a, 4, k], half[a, 5, k]
                    near, near_odd, far, far_odd = m1 + m2, m1 - m2, m3 + m4, m3 - m4
                    half[a, 0, k] = m0 + near + far + bias[k]
                    half[a, 1, k] = near_odd + _2 * far_odd + bias[k]
                    half[a, 2, k] = near + _4 * far + bias[k]
                    half[a, 3, k] = near_odd + _8 * far_odd + m5 + bias[k]
                for b in range(4):
                    x = 4 * column + b
                    if x < width:
                        for k in range(channels):
                            maps[y, x, k] = half[a, b, k]


def _sums(places: Array, sums: Array) -> None:
    """Sums and sums of squares (2, C), float64, over places (P, C)."""
    count, channels = places.shape
    partial = np.zeros((2, channels), np.float32)
    sums[:] = 0
    for begin in range(0, count, ROWS_TO_A_SUM):
        partial[:] = 0
        for place in range(begin, min(begin + ROWS_TO_A_SUM, count)):
            for k in range(channels):
                value = places[place, k]
                partial[0, k] += value
                partial[1, k] += value * value
        for k in range(channels):
            sums[0, k] += partial[0, k]
            sums[1, k] += partial[1, k]


def _activate(maps: Array, scale: Array, shift: Array, mask: Array, first: int, last: int) -> None:
    """Rows `first` to `last` of a map (H, W, C): Mish of x · scale + shift, times mask (W,), in place.

    With e = exp(y), Mish is y · e (e + 2) / (e (e + 2) + 2). The exponential is that of y / 64, by its
    series, squared six times: within 4e-6 of its value.
    """
    _, width, channels = maps.shape
    for row in range(first, last):
        for column in range(width):
            inside = mask[column]
            for k in range(channels):
                y = maps[row, column, k] * scale[k] + shift[k]
                small = min(max(y, -_MOST), _MOST) * _PART
                power = _C6 * small + _C5
                power = power * small + _C4
                power = power * small + _C3
                power = power * small + _HALF
                power = power * small + _ONE
                power = power * small + _ONE
                power *= power
                power *= power
                power *= power
                power *= power
                power *= power
                power *= power
                ratio = power * (power + _2)
                maps[row, column, k] = inside * y * ratio / (ratio + _2)


transform_samples = compiled(_transform_samples)
transform_products = compiled(_transform_products)
sums = compiled(_sums)
activate = compiled(_activate)
