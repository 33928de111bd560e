"""Files that are whole, of contents that no writer of ours gives them."""

from __future__ import annotations

import io
import json
import random
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAVES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**400, 0.5, -1e308, float("nan"), float("inf")),
    *("", "a", "\0", "../../x", "é" * 40, "x" * 5000, "<script>", "1", "none", "\ud800"),
    *([], {}, [[]], {"a": {}}, [1] * 500),
)
DTYPES = ("<f4", ">f4", "<f8", "<f2", "<i8", "<i4", "<u1", "|b1", "<c8", "<U3", "|S4", "<M8[D]")
TENSOR_TYPES = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "BF16": 2,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "I64": 8,
    "I32": 4,
    "I16": 2,
    "I8": 1,
    "U8": 1,
    "U16": 2,
    "U64": 8,
    "BOOL": 1,
    "C64": 8,
}
_STRUCT = np.dtype([("a", "<f4"), ("b", "<i4")])


def vary_tree(tree: Any, rng: random.Random) -> Any:
    """A JSON tree with one node or two left out, doubled, nested or of another value."""
    for _ in range(rng.choice((1, 1, 2))):
        tree = _varied(tree, rng)
    return tree


def _varied(node: Any, rng: random.Random) -> Any:
    if isinstance(node, dict) and node and rng.random() < 0.85:
        name = rng.choice(list(node))
        kind = rng.randrange(8)
        if kind == 0:
            return {key: value for key, value in node.items() if key != name}
        if kind == 1:
            return {**node, rng.choice(("surplus", "", "__class__", *node)): rng.choice(LEAVES)}
        return {**node, name: _varied(node[name], rng)}
    if isinstance(node, list) and node and rng.random() < 0.85:
        place = rng.randrange(len(node))
        kind = rng.randrange(8)
        if kind == 0:
            return node[:place] + node[place + 1 :]
        if kind == 1:
            return [*node, node[place]]
        return [*node[:place], _varied(node[place], rng), *node[place + 1 :]]
    if rng.random() < 0.1:
        for _ in range(rng.choice((2, 40, 3000))):
            node = [node]
        return node
    return rng.choice(LEAVES)


def json_bytes(tree: Any) -> bytes:
    """A JSON file."""
    try:
        return json.dumps(tree).encode()
    except RecursionError:
        return b'{"a":' * 3000 + b"1" + b"}" * 3000


def _shape(rng: random.Random, shape: Sequence[int]) -> tuple[int, ...]:
    """Of one dimension more or less, or of other sizes; mostly as it was."""
    sizes = list(shape)
    kind = rng.randrange(8)
    if kind == 0:
        sizes = sizes[1:]
    elif kind == 1:
        sizes = [1, *sizes]
    elif kind == 2 and sizes:
        sizes[rng.randrange(len(sizes))] = rng.choice((0, 1, 2, 3, 79, 81, 1000))
    elif kind == 3:
        sizes.reverse()
    return tuple(sizes)


def _values(rng: random.Random, array: NDArray[Any]) -> NDArray[Any]:
    """Float64, in part or all of another size than a writer's."""
    values = np.array(array, np.float64)
    kind = rng.randrange(6)
    wrong = rng.choice((np.nan, np.inf, -np.inf, 1e30, -1e30, 1e300, 95.0, -100.0, 0.0, 2.0**40, -1.0, 0.5))
    if kind == 0:
        values[...] = wrong
    elif kind == 1 and values.size:
        values.reshape(-1)[rng.randrange(values.size)] = wrong
    elif kind == 2:
        values = values * rng.choice((0.0, -1.0, 10.0, 1e30))
    return values


def _fitted(values: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    size = int(np.prod(shape))
    return np.resize(values, size).reshape(shape) if values.size else np.zeros(shape)


def vary_npy(array: NDArray[Any], rng: random.Random) -> bytes:
    """A `.npy` file of another shape, type or values."""
    values = _fitted(_values(rng, array), _shape(rng, array.shape))
    dtype = rng.choice(DTYPES) if rng.random() < 0.4 else array.dtype.str
    stream = io.BytesIO()
    with np.errstate(all="ignore"):
        if dtype == "<M8[D]":
            made: NDArray[Any] = np.nan_to_num(values).astype(np.int64).astype(dtype)
        elif rng.random() < 0.05:
            made = np.zeros(values.shape, _STRUCT)
        elif rng.random() < 0.05:
            made = np.full(values.shape, None, object)
        else:
            made = values.astype(dtype)
        if rng.random() < 0.2:
            made = np.asfortranarray(made)
        np.save(stream, made, allow_pickle=True)
    return stream.getvalue()


def vary_safetensors(
    arrays: Mapping[str, NDArray[Any]], texts: Mapping[str, str], rng: random.Random
) -> bytes:
    """A safetensors file of other names, shapes, types, values or texts.

    Args:
        arrays: of a good file.
        texts: of its header, each a JSON tree.
        rng: of the choices.
    """
    told = dict(texts)
    for key in told:
        if rng.random() < 0.3:
            told[key] = json_bytes(vary_tree(json.loads(told[key]), rng)).decode()
    if rng.random() < 0.05:
        told = {}
    header: dict[str, Any] = {"__metadata__": told} if told else {}
    content = b""
    for name, array in arrays.items():
        if rng.random() < 0.05:
            continue
        name = rng.choice(("x", "", "mel ", "é")) if rng.random() < 0.05 else name
        values = array
        if rng.random() < 0.5:
            values = _fitted(_values(rng, array), _shape(rng, array.shape))
        kind = rng.choice(list(TENSOR_TYPES)) if rng.random() < 0.3 else _NAMES[array.dtype.str]
        data = _encoded(values, kind)
        header[name] = {
            "dtype": kind,
            "shape": list(values.shape),
            "data_offsets": [len(content), len(content) + len(data)],
        }
        content += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + content


_NAMES = {"<f4": "F32", "<f8": "F64", "<i8": "I64", "<i4": "I32", "<i2": "I16", "<u2": "U16", "|u1": "U8"}
_NUMPY = {name: dtype for dtype, name in _NAMES.items()} | {"F16": "<f2", "BOOL": "|b1", "C64": "<c8"}


def _encoded(values: NDArray[Any], kind: str) -> bytes:
    if kind not in _NUMPY:  # numpy has no such type; any bytes are values of it
        return bytes(TENSOR_TYPES[kind] * values.size)
    with np.errstate(all="ignore"):
        return np.ascontiguousarray(values.astype(_NUMPY[kind])).tobytes()
