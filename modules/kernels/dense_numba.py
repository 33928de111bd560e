"""Compiled convolutions of a dense block, for `fused_dense_block.py` alone: importing this imports numba.

Winograd's F(2 × 2, 3 × 3) (arXiv 1509.09308, section 4.1): a tile of two frames, as far apart as the filter
is dilated, by two bins takes 16 products for each pair of channels instead of 36. The four points of either
axis are those of `winograd.transforms(2, 3)`.

Tiles are numbered along the bins, then through the frames. A thread takes `TILES` of them at a time from the
maps to the outputs, so that what lies between stays in the cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import types
from numpy.typing import NDArray

from hiervox.modules.kernels.compiled import OPTIONS, compiled
from hiervox.modules.kernels.register_tiles import COLUMNS, ROWS, intrinsic, multiply_tile

Array = NDArray[Any]

TILES = 48
"""Of a unit; a multiple of a register tile's rows."""
_POINTS, _SEEN = 4, 2 * TILES + 2
"""Points of an axis, and bins that as many tiles see."""
_FLOAT, _ROW = 4, 4 * COLUMNS
"""Bytes."""


def scratch_values(channels: int, depth: int) -> int:
    """Of float32, that a thread needs for so many channels of a map, and of all maps together."""
    return (_POINTS + 1) * _SEEN * channels + _POINTS**2 * TILES * (depth + channels)


@njit(**OPTIONS)
def tiles_of(frames: int, bins: int, dilation: int) -> int:
    """How many tiles cover a map."""
    pairs = frames // (2 * dilation) * dilation + min(frames % (2 * dilation), dilation)
    return pairs * ((bins + 1) // 2)


@intrinsic
def _transform(
    typing: Any, first: Any, second: Any, third: Any, fourth: Any, result: Any, result_stride: Any
) -> Any:
    """Four samples of 16 channels, each at an address, to an axis' four points, a stride in bytes apart."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *sources, place, stride = arguments
        kind = ir.VectorType(ir.FloatType(), COLUMNS)
        first, second, third, fourth = (
            builder.load(builder.inttoptr(source, kind.as_pointer()), align=4) for source in sources
        )
        points = (
            builder.fadd(second, third),
            builder.fsub(third, first),
            builder.fsub(third, second),
            builder.fsub(fourth, second),
        )
        for point in points:
            builder.store(point, builder.inttoptr(place, kind.as_pointer()), align=4)
            place = builder.add(place, stride)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 6), generate


@njit(**OPTIONS)
def _combine(products: Array, stride: int, size: int) -> None:
    """Of the products at an axis' four points, the first becomes the first output and the last the second."""
    first, second = products[:size], products[stride : stride + size]
    third, last = products[2 * stride : 2 * stride + size], products[3 * stride : 3 * stride + size]
    for k in range(np.uintp(size)):
        last[k] += first[k] - third[k]
    for k in range(np.uintp(size)):
        first[k] += second[k] + third[k]


@njit(**OPTIONS)
def _along_time(
    maps: Array,
    zeros: Array,
    frames: int,
    bins: int,
    channels: int,
    frame: int,
    dilation: int,
    tile: int,
    count: int,
    lines: Array,
) -> None:
    """What tiles that begin at one frame see of a map, at four points: lines of 2 * count + 2 bins."""
    first, last = max(0, 2 * tile - 1), min(bins, 2 * (tile + count) + 1)
    before, size, width = (first - 2 * tile + 1) * channels, (last - first) * channels, _SEEN * channels
    for point in range(_POINTS):
        line = lines[point * width : (point + 1) * width]
        line[:before] = 0
        line[before + size : (2 * count + 2) * channels] = 0
    step = dilation * bins * channels * _FLOAT
    here = maps.ctypes.data + (frame * bins + first) * channels * _FLOAT
    nothing = zeros.ctypes.data
    earlier = here - step if frame >= dilation else nothing
    following = here + step if frame + dilation < frames else nothing
    latest = here + 2 * step if frame + 2 * dilation < frames else nothing
    result = lines.ctypes.data + before * _FLOAT
    for at in range(0, size * _FLOAT, _ROW):
        _transform(earlier + at, here + at, following + at, latest + at, result + at, width * _FLOAT)


@njit(**OPTIONS)
def _along_bins(lines: int, count: int, channels: int, samples: int, depth: int) -> None:
    """Those lines, at an address, to `channels` of samples (16, TILES, depth) at another."""
    cell, plane = channels * _FLOAT, TILES * depth * _FLOAT
    for point in range(_POINTS):
        for tile in range(count):
            source = lines + (point * _SEEN + 2 * tile) * cell
            result = samples + _POINTS * point * plane + tile * depth * _FLOAT
            for at in range(0, cell, _ROW):
                first = source + at
                _transform(first, first + cell, first + 2 * cell, first + 3 * cell, result + at, plane)


@njit(**OPTIONS)
def _write_cell(x: Array, y: Array, statistics: Array) -> None:
    """Copy a cell, and add its values and their squares to what stands in (2, C)."""
    channels = x.size
    sums, squares = statistics[:channels], statistics[channels:]
    for k in range(np.uintp(channels)):
        value = x[k]
        y[k] = value
        sums[k] += value
        squares[k] += value * value


@njit(**OPTIONS)
def _place(tile: int, bins: int, dilation: int) -> tuple[int, int]:
    """The first frame of a tile, and its number along the bins."""
    pair, column = divmod(tile, (bins + 1) // 2)
    return pair // dilation * 2 * dilation + pair % dilation, column


@njit(**OPTIONS)
def _see(
    maps: Array,
    frames: int,
    bins: int,
    channels: int,
    dilation: int,
    start: int,
    stop: int,
    zeros: Array,
    lines: Array,
    samples: Array,
) -> None:
    """What some tiles see of all maps, at 16 points: (16, TILES, maps * C), flat."""
    cells = frames * bins * channels
    depth = maps.size // cells * channels
    tile = start
    while tile < stop:
        frame, column = _place(tile, bins, dilation)
        count = min((bins + 1) // 2 - column, stop - tile)
        for k in range(depth // channels):
            plane = maps[k * cells : (k + 1) * cells]
            _along_time(plane, zeros, frames, bins, channels, frame, dilation, column, count, lines)
            target = samples.ctypes.data + ((tile - start) * depth + k * channels) * _FLOAT
            _along_bins(lines.ctypes.data, count, channels, target, depth)
        tile += count


@njit(**OPTIONS)
def _multiply(
    samples: Array, depth: int, weights: Array, channels: int, count: int, zeros: Array, products: Array
) -> None:
    """Samples of tiles times the weights, point by point: (16, TILES, C), flat."""
    panels = channels // COLUMNS
    for point in range(_POINTS**2):
        for panel in range(panels):
            for row in range(point * TILES, point * TILES + count, ROWS):
                multiply_tile(
                    samples.ctypes.data + row * depth * _FLOAT,
                    depth * _FLOAT,
                    weights.ctypes.data + (point * panels + panel) * depth * _ROW,
                    depth,
                    zeros.ctypes.data,
                    0,
                    products.ctypes.data + row * channels * _FLOAT + panel * _ROW,
                    channels * _FLOAT,
                )


@njit(**OPTIONS)
def _write(
    products: Array,
    frames: int,
    bins: int,
    channels: int,
    dilation: int,
    start: int,
    stop: int,
    y: Array,
    statistics: Array,
) -> None:
    """Outputs of some tiles, and their sums and those of their squares, (2, C)."""
    plane, size = TILES * channels, (stop - start) * channels
    for k in range(_POINTS):
        _combine(products[k * plane :], _POINTS * plane, size)
    for k in (0, 3):
        _combine(products[k * _POINTS * plane :], plane, size)
    statistics[:] = 0
    for tile in range(start, stop):
        frame, column = _place(tile, bins, dilation)
        for k in range(2):
            for j in range(2):
                row, place = frame + k * dilation, 2 * column + j
                if row < frames and place < bins:
                    source = products[3 * (k * _POINTS + j) * plane + (tile - start) * channels :]
                    target = (row * bins + place) * channels
                    _write_cell(source[:channels], y[target : target + channels], statistics)


@compiled
def convolve(
    maps: Array,
    frames: int,
    bins: int,
    channels: int,
    dilation: int,
    weights: Array,
    y: Array,
    statistics: Array,
    scratch: Array,
    first: int,
    last: int,
) -> None:
    """A filter of 3 frames × 3 bins over maps with zeros around them, without a bias.

    Args:
        maps: (maps, frames, bins, C), flat.
        frames, bins, channels: of each, and of the result; the channels are a multiple of 16.
        dilation: in time.
        weights: (16, C / 16, maps * C, 16), transformed, flat.
        y: (frames, bins, C), flat; written.
        statistics: (units, 2, C), flat; sums of each unit's outputs, and of their squares; written.
        scratch: of `scratch_values`.
        first, last: the units, each of `TILES` tiles.
    """
    depth = maps.size // (frames * bins)
    tiles = tiles_of(frames, bins, dilation)
    seen, points = _SEEN * channels, _POINTS**2 * TILES
    zeros, lines, rest = (
        scratch[:seen],
        scratch[seen : seen + _POINTS * seen],
        scratch[seen + _POINTS * seen :],
    )
    samples, products = rest[: points * depth], rest[points * depth : points * (depth + channels)]
    zeros[:] = 0
    samples[:] = 0
    for unit in range(first, last):
        start, stop = unit * TILES, min(tiles, (unit + 1) * TILES)
        _see(maps, frames, bins, channels, dilation, start, stop, zeros, lines, samples)
        _multiply(samples, depth, weights, channels, stop - start, zeros, products)
        sums = statistics[unit * 2 * channels : (unit + 1) * 2 * channels]
        _write(products, frames, bins, channels, dilation, start, stop, y, sums)


@compiled
def activate(x: Array, scale: Array, shift: Array, slope: Array, first: int, last: int) -> None:
    """Scale and shift each channel, and multiply what is then negative by its slope, in place.

    Args:
        x: (cells, C), flat; changed.
        scale, shift, slope: (C,)
        first, last: the cells.
    """
    channels = scale.size
    for cell in range(first, last):
        values = x[cell * channels : (cell + 1) * channels]
        for k in range(np.uintp(channels)):
            value = values[k] * scale[k] + shift[k]
            values[k] = value if value > 0 else slope[k] * value
