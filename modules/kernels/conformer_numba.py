"""Compiled passes of a grid's Conformer, for `fused_conformer.py` alone: importing this imports numba.

A line of the grid, C values a cell, is worked on by one thread in blocks of `BLOCK` cells, so that all
between the line and its result stays in the cache. Scales and shifts of norms stand in the weights behind
them, as do the factor ½ of the feed-forward layers and that of the queries, whose products with the keys are
exponents of two.

A matrix with N columns, each a multiple of 16, lies in panels: (N / 16, depth, 16), flat.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hiervox.modules.kernels.compiled import OPTIONS, compiled
from hiervox.modules.kernels.register_tiles import (
    COLUMNS,
    ROWS,
    largest,
    multiply_tile,
    power_of_two,
    sigmoid,
)

Array = NDArray[Any]

BLOCK = 48
"""Cells; a multiple of a tile's rows and columns."""
_SUMS: Any = {**OPTIONS, "fastmath": {"contract", "nsz", "reassoc"}}
"""For sums, which the compiler may then add up in lanes."""
_FLOAT, _ROW = 4, 4 * COLUMNS
"""Bytes."""


@njit(**OPTIONS)
def padded_cells(cells: int) -> int:
    """Up to whole tiles' rows and columns."""
    return (cells + BLOCK - 1) // BLOCK * BLOCK


def scratch_values(cells: int, channels: int, taps: int) -> int:
    """Of float32, that a thread needs for lines of so many cells, with so many taps and 2C inner channels."""
    padded = padded_cells(cells)
    attending = padded * (4 * channels + ROWS) + BLOCK * 6 * channels
    convolving = padded * channels + (padded + taps) * 2 * channels + BLOCK * 5 * channels
    return max(attending, convolving)


@njit(**OPTIONS)
def _rows(cells: int, start: int) -> int:
    """Of the block that begins there, in whole tiles."""
    return min(BLOCK, (cells - start + ROWS - 1) // ROWS * ROWS)


@njit(**OPTIONS)
def _multiply(
    rows: int, left: int, depth: int, right: Array, bias: Array, result: int, result_stride: int
) -> None:
    """(rows, depth) · (depth, N) + bias, rows of the result `result_stride` bytes apart."""
    weights, start, columns = right.ctypes.data, bias.ctypes.data, bias.size
    for panel in range(columns // COLUMNS):
        for row in range(0, rows, ROWS):
            multiply_tile(
                left + row * depth * _FLOAT,
                depth * _FLOAT,
                weights + panel * depth * _ROW,
                depth,
                start + panel * _ROW,
                0,
                result + row * result_stride + panel * _ROW,
                result_stride,
            )


@njit(**_SUMS)
def _normalize(x: Array, channels: int, epsilon: Any, y: Array) -> None:
    """Each cell to mean 0 and variance 1."""
    count, share = np.uintp(channels), np.float32(1) / np.float32(channels)
    for cell in range(x.size // channels):
        values, target = x[cell * channels :], y[cell * channels :]
        total = np.float32(0)
        for k in range(count):
            total += values[k]
        mean = total * share
        squares = np.float32(0)
        for k in range(count):
            squares += (values[k] - mean) * (values[k] - mean)
        scale = np.float32(1) / np.sqrt(squares * share + np.float32(epsilon))
        for k in range(count):
            target[k] = (values[k] - mean) * scale


@njit(**OPTIONS)
def _add(x: Array, y: Array) -> None:
    for k in range(np.uintp(x.size)):
        x[k] += y[k]


@njit(**OPTIONS)
def _silu(x: Array) -> None:
    for k in range(np.uintp(x.size)):
        x[k] *= sigmoid(x[k])


@njit(**OPTIONS)
def _feed_forward(x: Array, channels: int, epsilon: float, weights: Any, rest: Array) -> None:
    """A block += its feed-forward layer; `rest` is of BLOCK * 5 * channels."""
    widen, widen_bias, narrow, narrow_bias = weights
    rows = x.size // channels
    normalized = rest[: x.size]
    wide = rest[x.size : x.size + rows * widen_bias.size]
    _normalize(x, channels, epsilon, normalized)
    address = rest.ctypes.data
    wide_address = address + x.size * _FLOAT
    _multiply(rows, address, channels, widen, widen_bias, wide_address, widen_bias.size * _FLOAT)
    _silu(wide)
    _multiply(rows, wide_address, widen_bias.size, narrow, narrow_bias, address, channels * _FLOAT)
    _add(x, normalized)


@njit(**OPTIONS)
def _largest(x: Array) -> Any:
    whole = x.size // COLUMNS
    most = largest(x.ctypes.data, whole) if whole else x[0]
    for value in x[whole * COLUMNS :]:
        most = max(most, value)
    return most


@njit(**_SUMS)
def _powers(x: Array, most: Any) -> Any:
    """Takes x to 2^(x - most), and returns their sum."""
    total = np.float32(0)
    for k in range(np.uintp(x.size)):
        value = power_of_two(x[k] - most)
        x[k] = value
        total += value
    return total


@njit(**OPTIONS)
def _copy(x: Array, stride: int, y: Array, target_stride: int, cells: int, channels: int) -> None:
    """Copy cells that begin `stride` values apart to where they begin `target_stride` apart."""
    for cell in range(cells):
        source, target = x[cell * stride :], y[cell * target_stride :]
        for k in range(np.uintp(channels)):
            target[k] = source[k]


@njit(**OPTIONS)
def _load(x: Array, offset: int, stride: int, cells: int, channels: int, line: Array) -> None:
    """Copy a line of cells that lie `stride` values apart; zeros behind it."""
    _copy(x[offset:], stride, line, channels, cells, channels)
    line[cells * channels :] = 0


@compiled
def attend(
    x: Array,
    y: Array,
    line_stride: int,
    cell_stride: int,
    cells: int,
    channels: int,
    heads: int,
    epsilon: float,
    feed_forward: Any,
    attention: Any,
    scratch: Array,
    first: int,
    last: int,
) -> None:
    """A feed-forward layer and attention of each line's cells to each other, with ways around them.

    Args:
        x, y: read and written, all cells, flat.
        line_stride, cell_stride: values from line to line, and from one of its cells to the next.
        cells: of a line.
        channels: a multiple of 16 times `heads`.
        epsilon: of the norms.
        feed_forward: weights and biases of both layers.
        attention: weights and biases of queries, keys and values, then those of the projection.
        scratch: of `scratch_values`.
        first, last: the lines.
    """
    query, query_bias, key, key_bias, value, value_bias, projection, projection_bias = attention
    padded = padded_cells(cells)
    width, panels = channels // heads, padded // COLUMNS
    at = padded * channels
    line, queries = scratch[:at], scratch[at : 2 * at]
    keys, values = scratch[2 * at : 3 * at], scratch[3 * at : 4 * at]
    at *= 4
    scores = scratch[at : at + ROWS * padded]
    at += ROWS * padded
    normalized = scratch[at : at + BLOCK * channels]
    at += BLOCK * channels
    rest = scratch[at : at + BLOCK * 5 * channels]
    result = rest[: BLOCK * channels]
    zeros = rest[BLOCK * channels : BLOCK * channels + COLUMNS]
    shares = rest[BLOCK * channels + COLUMNS : BLOCK * channels + COLUMNS + ROWS]
    for number in range(first, last):
        offset = number * line_stride
        _load(x, offset, cell_stride, cells, channels, line)
        for start in range(0, cells, BLOCK):
            rows = _rows(cells, start)
            block = line[start * channels : (start + rows) * channels]
            _feed_forward(block, channels, epsilon, feed_forward, rest)
            _normalize(block, channels, epsilon, normalized)
            source, row_bytes = normalized.ctypes.data, channels * _FLOAT
            target = queries.ctypes.data + start * row_bytes
            _multiply(rows, source, channels, query, query_bias, target, row_bytes)
            _multiply(rows, source, channels, key, key_bias, result.ctypes.data, row_bytes)
            for cell in range(rows):  # by head and panel of cells (width, 16)
                panel, column = (start + cell) // COLUMNS, (start + cell) % COLUMNS
                for head in range(heads):
                    place = (head * panels + panel) * width * COLUMNS + column
                    for k in range(width):
                        keys[place + k * COLUMNS] = result[cell * channels + head * width + k]
            for panel in range(channels // COLUMNS):  # (cells, 16) each
                for row in range(0, rows, ROWS):
                    multiply_tile(
                        source + row * row_bytes,
                        row_bytes,
                        value.ctypes.data + panel * channels * _ROW,
                        channels,
                        value_bias.ctypes.data + panel * _ROW,
                        0,
                        values.ctypes.data + (panel * padded + start + row) * _ROW,
                        _ROW,
                    )
        zeros[:] = 0
        zero, score = zeros.ctypes.data, scores.ctypes.data
        for start in range(0, cells, BLOCK):
            rows = _rows(cells, start)
            for row in range(0, rows, ROWS):
                for head in range(heads):
                    column_bytes = head * width * _FLOAT
                    for panel in range((cells + COLUMNS - 1) // COLUMNS):
                        multiply_tile(
                            queries.ctypes.data + (start + row) * channels * _FLOAT + column_bytes,
                            channels * _FLOAT,
                            keys.ctypes.data + (head * panels + panel) * width * _ROW,
                            width,
                            zero,
                            0,
                            score + panel * _ROW,
                            padded * _FLOAT,
                        )
                    attended = normalized.ctypes.data + row * channels * _FLOAT + column_bytes
                    for k in range(ROWS):
                        of_row = scores[k * padded : k * padded + cells]
                        shares[k] = np.float32(1) / _powers(of_row, _largest(of_row))
                    for panel in range(width // COLUMNS):
                        multiply_tile(
                            score,
                            padded * _FLOAT,
                            values.ctypes.data + (head * (width // COLUMNS) + panel) * padded * _ROW,
                            cells,
                            zero,
                            0,
                            attended + panel * _ROW,
                            channels * _FLOAT,
                        )
                    for k in range(ROWS):
                        of_cell = normalized[(row + k) * channels + head * width :]
                        for n in range(np.uintp(width)):
                            of_cell[n] *= shares[k]
            _multiply(
                rows,
                normalized.ctypes.data,
                channels,
                projection,
                projection_bias,
                result.ctypes.data,
                channels * _FLOAT,
            )
            block = line[start * channels : (start + rows) * channels]
            _add(block, result)
            target_cells = y[offset + start * cell_stride :]
            _copy(block, channels, target_cells, cell_stride, min(BLOCK, cells - start), channels)


@compiled
def convolve(
    x: Array,
    y: Array,
    line_stride: int,
    cell_stride: int,
    cells: int,
    channels: int,
    epsilon: float,
    gate: Any,
    depthwise: Any,
    output: Any,
    feed_forward: Any,
    norm: Any,
    scratch: Array,
    first: int,
    last: int,
) -> None:
    """A convolution along each line, a feed-forward layer, and a norm, with ways around them; added to y.

    Args:
        x, y: read, and added to: all cells, flat.
        line_stride, cell_stride, cells, channels, epsilon, feed_forward, scratch, first, last: as `attend`'s.
        gate, output: weights and biases.
        depthwise: weights (taps, inner channels), flat, and biases.
        norm: scales and shifts.
    """
    taps_weights, taps_bias = depthwise
    scale, shift = norm
    inner = taps_bias.size
    taps = taps_weights.size // inner
    before = taps // 2
    padded = padded_cells(cells)
    at = padded * channels
    line = scratch[:at]
    gated = scratch[at : at + (padded + taps) * inner]
    at += (padded + taps) * inner
    rest = scratch[at : at + BLOCK * 5 * channels]
    normalized, wide = rest[: BLOCK * channels], rest[BLOCK * channels :]
    mixed = rest[BLOCK * channels : BLOCK * (channels + inner)]
    row_bytes = channels * _FLOAT
    for number in range(first, last):
        offset = number * line_stride
        _load(x, offset, cell_stride, cells, channels, line)
        gated[: before * inner] = 0
        gated[(before + cells) * inner :] = 0
        for start in range(0, cells, BLOCK):
            rows = _rows(cells, start)
            block = line[start * channels : (start + rows) * channels]
            _normalize(block, channels, epsilon, normalized)
            _multiply(
                rows, rest.ctypes.data, channels, gate[0], gate[1], wide.ctypes.data, gate[1].size * _FLOAT
            )
            for cell in range(min(BLOCK, cells - start)):
                values, gates = wide[cell * 2 * inner :], wide[(2 * cell + 1) * inner :]
                target = gated[(before + start + cell) * inner :]
                for k in range(np.uintp(inner)):
                    target[k] = values[k] * sigmoid(gates[k])
        for start in range(0, cells, BLOCK):
            rows = _rows(cells, start)
            block = line[start * channels : (start + rows) * channels]
            for cell in range(rows):
                target = mixed[cell * inner : (cell + 1) * inner]
                for k in range(np.uintp(inner)):
                    target[k] = taps_bias[k]
                for tap in range(taps):
                    seen, weights = gated[(start + cell + tap) * inner :], taps_weights[tap * inner :]
                    for k in range(np.uintp(inner)):
                        target[k] += seen[k] * weights[k]
            _silu(mixed[: rows * inner])
            _multiply(rows, mixed.ctypes.data, inner, output[0], output[1], rest.ctypes.data, row_bytes)
            _add(block, normalized)
            _feed_forward(block, channels, epsilon, feed_forward, rest)
            _normalize(block, channels, epsilon, normalized)
            for cell in range(min(BLOCK, cells - start)):
                target, values = y[offset + (start + cell) * cell_stride :], normalized[cell * channels :]
                for k in range(np.uintp(channels)):
                    target[k] += values[k] * scale[k] + shift[k]
