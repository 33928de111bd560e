"""Tests of `hiervox.modules.kernels.register_tiles`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from hiervox.modules.kernels import register_tiles as tiles  # noqa: E402
from hiervox.modules.kernels.compiled import OPTIONS  # noqa: E402

if not tiles.compiles_for_fma():
    pytest.skip("this CPU has no fused multiplication", allow_module_level=True)


@numba.njit(**OPTIONS)
def _multiply(left: Any, right: Any, start: Any, start_stride: int, result: Any) -> None:
    tiles.multiply_tile(
        left.ctypes.data,
        4 * left.shape[1],
        right.ctypes.data,
        right.shape[0],
        start.ctypes.data,
        start_stride,
        result.ctypes.data,
        4 * result.shape[1],
    )


@numba.njit(**OPTIONS)
def _largest(values: Any) -> float:
    return tiles.largest(values.ctypes.data, values.size // 16)


@numba.njit(**OPTIONS)
def _apply(function: Any, values: Any) -> Any:
    result = np.empty_like(values)
    for k in range(values.size):
        result[k] = function(values[k])
    return result


@pytest.mark.parametrize("depth", [1, 2, 7, 64])
@pytest.mark.parametrize("same_start", [True, False])
def test_a_tile_is_the_matrix_product_and_its_neighbours_stay(depth: int, same_start: bool) -> None:
    generator = np.random.default_rng(0)
    left, right = (
        generator.standard_normal(shape).astype(np.float32) for shape in ((tiles.ROWS, depth), (depth, 16))
    )
    start = generator.standard_normal((1 if same_start else tiles.ROWS, 16)).astype(np.float32)
    result = np.full((tiles.ROWS + 1, 24), 7, np.float32)
    _multiply(left, right, start, 0 if same_start else 64, result)
    np.testing.assert_allclose(result[:-1, :16], start + left @ right, atol=1e-5)
    assert (result[-1] == 7).all() and (result[:, 16:] == 7).all()


@pytest.mark.parametrize("count", [16, 32, 160])
def test_the_largest_is_found_wherever_it_is(count: int) -> None:
    values = -1 - np.arange(count, dtype=np.float32)
    for place in range(count):
        raised = values.copy()
        raised[place] = 0.5
        assert _largest(raised) == 0.5
    assert _largest(values) == -1


def test_powers_of_two_are_exact_to_rounding() -> None:
    x = np.linspace(-126, 127, 20_001).astype(np.float32)
    expected = np.exp2(x.astype(np.float64))
    assert (np.abs(_apply(tiles.power_of_two, x) / expected - 1)).max() < 2e-7
    far = np.array([-1e9, 1e9], np.float32)
    np.testing.assert_array_equal(_apply(tiles.power_of_two, far), [2.0**-126, 2.0**127])


def test_sigmoid_is_that_of_double_precision() -> None:
    x = np.linspace(-30, 30, 20_001).astype(np.float32)
    expected = 1 / (1 + np.exp(-x.astype(np.float64)))
    assert (np.abs(_apply(tiles.sigmoid, x) / expected - 1)).max() < 3e-6
