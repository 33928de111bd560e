"""Compiled convolution on tiles of bfloat16 (AMX), for `split_bfloat16` alone: importing this imports numba.

AMX multiplies tiles of 16 rows of 32 bfloat16 by as many, and adds the products to 16 × 16 float32. Eight
tiles are kept in the processor: four of results, 32 samples × 32 channels, two of samples and two of weights.

A number of float32 is taken as the sum of two of bfloat16, the second being what rounding to the first left.
Of the four products of two such sums the smallest is left out, so that a result has an error of some 2⁻¹⁶ of
the largest terms; each of the three others is a pass over the same tiles of results.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import extending, njit
from numba.core import cgutils, types
from numba.core.registry import cpu_target
from numpy.typing import NDArray

from hiervox.modules.kernels.compiled import OPTIONS, compiled

Array = NDArray[Any]

intrinsic: Any = extending.intrinsic  # numba's annotations have its first argument be given in calls, too
SIDE = 32
"""Samples and channels of a block of results, and input channels to a step."""
STEP_BYTES = 4 * SIDE * SIDE
"""Of the weights of a step, of which there are a high and a low part, two tiles each."""
BLOCK_BYTES = 1 << 20
"""Samples that stay in the second cache, both parts together."""

_BYTE, _SHORT, _WORD, _ADDRESS = (ir.IntType(bits) for bits in (8, 16, 32, 64))
_POINTER = _BYTE.as_pointer()
_FLOATS, _WORDS, _SHORTS = (ir.VectorType(kind, 16) for kind in (ir.FloatType(), _WORD, _SHORT))
_RESULTS, _SAMPLES, _WEIGHTS = (0, 1, 2, 3), (4, 5), (6, 7)
"""Numbers of the tiles."""
_TILE_BYTES = 1024


def compiles_for_amx() -> bool:
    """Whether numba may use these instructions: where it may not, compiling them would end the process."""
    features: str = cpu_target.target_context.codegen().magic_tuple()[2]
    return {"+amx-tile", "+amx-bf16"} <= set(features.split(","))


def _instruction(builder: Any, name: str, arguments: list[Any]) -> Any:
    kind = ir.FunctionType(ir.VoidType(), arguments)
    return cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.{name}")


def _tile(number: int) -> Any:
    return ir.Constant(_BYTE, number)


def _offset(builder: Any, address: Any, offset: int) -> Any:
    return builder.add(address, ir.Constant(_ADDRESS, offset)) if offset else address


def _second_half(builder: Any, address: Any, stride: Any) -> Any:
    """The address of the second of two tiles of rows."""
    return builder.add(address, builder.mul(stride, ir.Constant(_ADDRESS, SIDE // 2)))


@intrinsic
def _configure(typing: Any, settings: Any) -> Any:
    """Give the tiles the shapes that lie at an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = builder.inttoptr(arguments[0], _POINTER)
        builder.call(_instruction(builder, "ldtilecfg", [_POINTER]), [address])
        return context.get_dummy_value()

    return types.void(types.int64), generate


@intrinsic
def _release(typing: Any) -> Any:
    """Give the tiles back."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.call(_instruction(builder, "tilerelease", []), [])
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def _clear(typing: Any) -> Any:
    """Set the results to zero."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        clear = _instruction(builder, "tilezero", [_BYTE])
        for number in _RESULTS:
            builder.call(clear, [_tile(number)])
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def _store(typing: Any, address: Any) -> Any:
    """Write the results to an address, (32, 32) float32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        store = _instruction(builder, "tilestored64", [_BYTE, _POINTER, _ADDRESS])
        row_bytes = 4 * SIDE
        for number in _RESULTS:
            offset = number // 2 * (SIDE // 2) * row_bytes + number % 2 * row_bytes // 2
            place = builder.inttoptr(_offset(builder, arguments[0], offset), _POINTER)
            builder.call(store, [_tile(number), place, ir.Constant(_ADDRESS, row_bytes)])
        return context.get_dummy_value()

    return types.void(types.int64), generate


@intrinsic
def _multiply_add(typing: Any, samples: Any, weights: Any, low: Any, stride: Any) -> Any:
    """Add the three products of 32 samples of 32 channels and of the weights of a step to the results.

    Args:
        samples: the address of the high parts, rows of 64 bytes.
        weights: the address of four tiles, high and low.
        low: bytes from the high to the low parts of the samples.
        stride: bytes from one row of samples to the next.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        load = _instruction(builder, "tileloadd64", [_BYTE, _POINTER, _ADDRESS])
        multiply = _instruction(builder, "tdpbf16ps", [_BYTE, _BYTE, _BYTE])
        samples, weights, low, stride = arguments

        def load_samples(address: Any) -> None:
            for number, place in zip(
                _SAMPLES, (address, _second_half(builder, address, stride)), strict=True
            ):
                builder.call(load, [_tile(number), builder.inttoptr(place, _POINTER), stride])

        def load_weights(part: int) -> None:
            for column, number in enumerate(_WEIGHTS):
                place = _offset(builder, weights, (2 * part + column) * _TILE_BYTES)
                pointer = builder.inttoptr(place, _POINTER)
                builder.call(load, [_tile(number), pointer, ir.Constant(_ADDRESS, 2 * SIDE)])

        def multiply_all() -> None:
            for number in _RESULTS:
                one, other = _SAMPLES[number // 2], _WEIGHTS[number % 2]
                builder.call(multiply, [_tile(number), _tile(one), _tile(other)])

        load_samples(samples)
        load_weights(1)
        multiply_all()
        load_weights(0)
        multiply_all()
        load_samples(builder.add(samples, low))
        multiply_all()
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), generate


@intrinsic
def _split(typing: Any, values: Any, parts: Any, low: Any) -> Any:
    """Split 32 numbers of float32 at an address into two of bfloat16, each rounded to the nearest.

    Args:
        values: the address of the numbers.
        parts: where the high parts go, 64 bytes.
        low: bytes from there to the low parts.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values, parts, low = arguments

        def constant(number: int) -> Any:
            return ir.Constant(_WORDS, [number] * 16)

        def rounded(bits: Any) -> Any:
            odd = builder.and_(builder.lshr(bits, constant(16)), constant(1))
            return builder.add(builder.add(bits, constant(0x7FFF)), odd)

        def store(bits: Any, address: Any) -> None:
            shorts = builder.trunc(builder.lshr(bits, constant(16)), _SHORTS)
            builder.store(shorts, builder.inttoptr(address, _SHORTS.as_pointer()), align=2)

        for half in range(2):
            place = builder.inttoptr(_offset(builder, values, 64 * half), _FLOATS.as_pointer())
            numbers = builder.load(place, align=4)
            high = rounded(builder.bitcast(numbers, _WORDS))
            address = _offset(builder, parts, 32 * half)
            store(high, address)
            kept = builder.bitcast(builder.and_(high, constant(0xFFFF0000)), _FLOATS)
            rest = builder.bitcast(builder.fsub(numbers, kept), _WORDS)
            store(rounded(rest), builder.add(address, low))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@njit(**OPTIONS)
def _load(x: Array, before: int, needed: int, parts: Array) -> None:
    """Split samples (T, C) from `before` on, zeros beyond either end, into (steps, 2, rows, 32)."""
    samples, channels = x.shape
    steps, _, rows, _ = parts.shape
    source, target, low = x.ctypes.data, parts.ctypes.data, rows * 2 * SIDE
    whole = channels // SIDE
    rest = np.zeros(SIDE, np.float32)
    for row in range(needed):
        place = before + row
        if place < 0 or place >= samples:
            parts[:, :, row] = 0
            continue
        for step in range(whole):
            address = target + (2 * step * rows + row) * 2 * SIDE
            _split(source + (place * channels + step * SIDE) * 4, address, low)
        if whole < steps:
            rest[: channels - whole * SIDE] = x[place, whole * SIDE :]
            _split(rest.ctypes.data, target + (2 * whole * rows + row) * 2 * SIDE, low)


@compiled
def convolve(
    x: Array,
    weights: Array,
    bias: Array,
    y: Array,
    padding: int,
    stride: int,
    dilation: int,
    first: int,
    last: int,
    first_panel: int,
    last_panel: int,
) -> None:
    """A convolution over time.

    Args:
        x: (B, T, C), contiguous float32.
        weights: (panels, taps, steps, 2048) uint16: of 32 output channels, a tap and 32 input channels the
            high and the low parts, two tiles each of (16, 16, 2), pairs of input by output channels.
        bias: (32 * panels,)
        y: (B, T', C'), written.
        padding, stride, dilation: as `nn.Conv1d`'s.
        first, last: the outputs of each item to compute, counted in time.
        first_panel, last_panel: the panels to compute.
    """
    channels, outputs = x.shape[2], y.shape[2]
    taps, steps = weights.shape[1:3]
    settings = np.zeros(64, np.uint8)
    settings[0] = 1  # the only palette: tiles of at most 16 rows of 64 bytes
    settings[16:32:2] = 64
    settings[48:56] = SIDE // 2
    results = np.empty((SIDE, SIDE), np.float32)
    most = max(SIDE, BLOCK_BYTES // (4 * channels) // SIDE * SIDE)
    block = min(most, (last - first + SIDE - 1) // SIDE * SIDE)
    rows = (block - 1) * stride + (taps - 1) * dilation + 1
    parts = np.empty((steps, 2, rows, SIDE), np.uint16)
    low, row_bytes = rows * 2 * SIDE, 2 * SIDE
    _configure(settings.ctypes.data)
    for item in range(x.shape[0]):
        for start in range(first, last, block):
            count = min(block, last - start)
            needed = ((count + SIDE - 1) // SIDE * SIDE - 1) * stride + (taps - 1) * dilation + 1
            _load(x[item], start * stride - padding, needed, parts)
            for panel in range(first_panel, last_panel):
                column = panel * SIDE
                width = min(SIDE, outputs - column)
                for row in range(0, count, SIDE):
                    _clear()
                    weight = weights.ctypes.data + panel * taps * steps * STEP_BYTES
                    for tap in range(taps):
                        sample = parts.ctypes.data + (row * stride + tap * dilation) * row_bytes
                        for _ in range(steps):
                            _multiply_add(sample, weight, low, stride * row_bytes)
                            sample += 2 * low
                            weight += STEP_BYTES
                    _store(results.ctypes.data)
                    for k in range(min(SIDE, count - row)):
                        out = y[item, start + row + k, column : column + width]
                        if width == SIDE:
                            for n in range(np.uintp(SIDE)):
                                out[n] = results[k, n] + bias[column + n]
                        else:
                            for n in range(width):
                                out[n] = results[k, n] + bias[column + n]
    _release()
