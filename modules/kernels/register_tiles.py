"""A matrix product whose results stay in registers, for compiled kernels alone: importing this imports numba.

Kernels that hold their data in the cache call it on what lies there, so that norms, activations and products
need no pass over memory of their own, nor threads that wait for each other after each of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import extending, njit
from numba.core import cgutils, types
from numba.core.registry import cpu_target
from numpy.typing import NDArray

from hiervox.modules.kernels.compiled import OPTIONS

Array = NDArray[Any]

intrinsic: Any = extending.intrinsic  # numba's annotations have its first argument be given in calls, too
COLUMNS = 16
"""Of a tile, and of a panel of the matrix on the right."""
_FEATURES = frozenset(cpu_target.target_context.codegen().magic_tuple()[2].split(","))
ROWS = 12 if "+avx512f" in _FEATURES else 6
"""Of a tile: as many as fit into the registers with a row of the right matrix and a value of the left."""

_FLOAT, _WORD, _ADDRESS = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_ROW = ir.VectorType(_FLOAT, COLUMNS)


def compiles_for_fma() -> bool:
    """Whether numba may use fused multiplication and addition of eight numbers and more."""
    return {"+avx2", "+fma"} <= _FEATURES


def _unrelated(builder: Any, address: Any) -> Any:
    """An address to be kept in a register: the compiler would compute those of the rows in turn."""
    same = ir.InlineAsm(ir.FunctionType(_ADDRESS, [_ADDRESS]), "", "=r,0")
    return builder.call(same, [address])


@intrinsic
def multiply_tile(
    typing: Any,
    left: Any,
    left_stride: Any,
    right: Any,
    depth: Any,
    start: Any,
    start_stride: Any,
    result: Any,
    result_stride: Any,
) -> Any:
    """`ROWS` × 16 results = start + left · right. Addresses and strides from row to row are in bytes.

    Args:
        left: (ROWS, depth)
        right: (depth, 16), contiguous.
        depth: positive.
        start: (ROWS, 16); with a stride of 0 the same row is added to all.
        result: (ROWS, 16), written.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        left, left_stride, right, depth, start, start_stride, result, result_stride = arguments
        kind = ir.FunctionType(_ROW, [_ROW] * 3)
        multiply_add = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{COLUMNS}f32")
        zero, one, four, row_bytes = (ir.Constant(_ADDRESS, size) for size in (0, 1, 4, 4 * COLUMNS))

        def places(address: Any, stride: Any) -> list[Any]:
            rows = [address]
            for _ in range(ROWS - 1):
                rows.append(builder.add(rows[-1], stride))
            return rows

        def load(address: Any, kind: Any) -> Any:
            return builder.load(builder.inttoptr(address, kind.as_pointer()), align=4)

        starts = [load(place, _ROW) for place in places(start, start_stride)]
        lefts = [_unrelated(builder, place) for place in places(left, left_stride)]
        before = builder.block
        loop, after = builder.append_basic_block("depth"), builder.append_basic_block("done")
        builder.branch(loop)
        builder.position_at_end(loop)
        number, offset, row = (builder.phi(_ADDRESS) for _ in range(3))
        sums = [builder.phi(_ROW) for _ in range(ROWS)]
        for phi, first in ((number, zero), (offset, zero), (row, right), *zip(sums, starts, strict=True)):
            phi.add_incoming(first, before)
        values = load(row, _ROW)
        added = []
        for place, total in zip(lefts, sums, strict=True):
            value = load(builder.add(place, offset), _FLOAT)
            single = builder.insert_element(ir.Constant(_ROW, ir.Undefined), value, ir.Constant(_WORD, 0))
            mask = ir.Constant(ir.VectorType(_WORD, COLUMNS), [0] * COLUMNS)
            spread = builder.shuffle_vector(single, ir.Constant(_ROW, ir.Undefined), mask)
            added.append(builder.call(multiply_add, [spread, values, total]))
        following = builder.add(number, one)
        for phi, value in (
            (number, following),
            (offset, builder.add(offset, four)),
            (row, builder.add(row, row_bytes)),
            *zip(sums, added, strict=True),
        ):
            phi.add_incoming(value, loop)
        builder.cbranch(builder.icmp_signed("<", following, depth), loop, after)
        builder.position_at_end(after)
        for place, total in zip(places(result, result_stride), added, strict=True):
            builder.store(total, builder.inttoptr(place, _ROW.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 8), generate


@intrinsic
def largest(typing: Any, values: Any, rows: Any) -> Any:
    """The largest of `rows` times 16 float32 at an address; one row at least, and no NaN."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, rows = arguments
        before = builder.block
        loop, after = builder.append_basic_block("rows"), builder.append_basic_block("done")

        def larger(one: Any, other: Any) -> Any:
            return builder.select(builder.fcmp_ordered(">", one, other), one, other)

        def load(place: Any) -> Any:
            return builder.load(builder.inttoptr(place, _ROW.as_pointer()), align=4)

        first = load(address)
        builder.branch(loop)
        builder.position_at_end(loop)
        number, place, most = builder.phi(_ADDRESS), builder.phi(_ADDRESS), builder.phi(_ROW)
        of_rows = larger(load(place), most)
        following = builder.add(number, ir.Constant(_ADDRESS, 1))
        for phi, start, value in (
            (number, ir.Constant(_ADDRESS, 0), following),
            (place, address, builder.add(place, ir.Constant(_ADDRESS, 4 * COLUMNS))),
            (most, first, of_rows),
        ):
            phi.add_incoming(start, before)
            phi.add_incoming(value, loop)
        builder.cbranch(builder.icmp_signed("<", following, rows), loop, after)
        builder.position_at_end(after)
        lanes = COLUMNS
        while lanes > 1:
            lanes //= 2
            indices = [lane + lanes if lane < lanes else lane for lane in range(COLUMNS)]
            mask = ir.Constant(ir.VectorType(_WORD, COLUMNS), indices)
            of_rows = larger(of_rows, builder.shuffle_vector(of_rows, of_rows, mask))
        return builder.extract_element(of_rows, ir.Constant(_WORD, 0))

    return types.float32(types.int64, types.int64), generate


@intrinsic
def _times_power(typing: Any, number: Any, rounded: Any) -> Any:
    """A float32 times two to the power of `rounded - ROUNDER`, which goes into the bits of its exponent."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number, rounded = (builder.bitcast(argument, _WORD) for argument in arguments)
        exponent = builder.shl(rounded, ir.Constant(_WORD, 23))
        return builder.bitcast(builder.add(number, exponent), _FLOAT)

    return types.float32(types.float32, types.float32), generate


_LEAST, _MOST, _1 = np.float32(-126), np.float32(127), np.float32(1)
_PER_OCTAVE = np.float32(1.4426950408889634)
_ROUNDER = np.float32(12582912.0)
"""1.5 · 2²³: a number added to it is rounded to a whole one, in its last bits."""
_P1, _P2, _P3, _P4, _P5, _P6 = (
    np.float32(value)
    for value in (0.693147203, 0.240226479, 0.0555033247, 0.00961843736, 0.00133988745, 0.000153533616)
)


@njit(**OPTIONS)
def power_of_two(x: Any) -> Any:
    """2ˣ in float32, by a minimax fit over [-½, ½] with an error of 2e-9; x is taken between -126 and 127."""
    x = min(max(x, _LEAST), _MOST)
    rounded = x + _ROUNDER
    rest = x - (rounded - _ROUNDER)
    power = _1 + rest * (_P1 + rest * (_P2 + rest * (_P3 + rest * (_P4 + rest * (_P5 + rest * _P6)))))
    return _times_power(power, rounded)


@njit(**OPTIONS)
def sigmoid(x: Any) -> Any:
    """1 / (1 + e⁻ˣ) in float32."""
    return _1 / (_1 + power_of_two(-_PER_OCTAVE * x))
