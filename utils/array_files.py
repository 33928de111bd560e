"""Arrays in files: `.npy` and safetensors of any origin, with a plain reason where unusable, and our own."""

from __future__ import annotations

import struct
import tokenize
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMBERS = "biufc"
"""Kinds of numpy's types that are numbers."""
_NPY_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    tokenize.TokenError,
)
"""What numpy raises at headers that no writer made."""


def read_array(path: Path) -> NDArray[Any]:
    """Read a `.npy` file of numbers; nothing is allocated that the file does not hold.

    Raises:
        OSError: the file can't be read.
        ValueError: it is no such file, truncated, or holds objects, texts, dates or structs.
    """
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except _NPY_ERRORS as error:
        raise ValueError(_first_line(error)) from error
    if not isinstance(mapped, np.ndarray):
        mapped.close()
        raise ValueError("it holds several arrays")
    if mapped.dtype.kind not in NUMBERS:
        raise ValueError(f"it holds values of {mapped.dtype}, not numbers")
    return np.array(mapped)


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Read all arrays of a safetensors file, and the texts of its header.

    Raises:
        OSError: the file can't be read.
        ValueError: it is not a whole safetensors file, or an array has a type that numpy lacks, such as
            bfloat16 or float8.
    """
    from safetensors import SafetensorError, safe_open

    arrays: dict[str, NDArray[Any]] = {}
    try:
        with safe_open(path, "np") as stream:
            for name in stream.keys():  # noqa: SIM118
                arrays[name] = _array(stream, name)
            return arrays, dict(stream.metadata() or {})
    except SafetensorError as error:
        raise ValueError(_first_line(error)) from error


def write_arrays(path: Path, arrays: dict[str, NDArray[Any]], header: dict[str, str]) -> None:
    """Write arrays and texts as safetensors.

    Raises:
        OSError: a full disk and the like, of which safetensors' own `save_file` raises no OSError.
    """
    from safetensors.numpy import save

    path.write_bytes(save(arrays, header))


def _array(stream: Any, name: str) -> NDArray[Any]:
    try:
        array: NDArray[Any] = stream.get_tensor(name)
    except (AttributeError, KeyError, TypeError) as error:  # numpy has no such type
        kind = stream.get_slice(name).get_dtype()
        raise ValueError(f"{name} is of {kind}, which numpy lacks: save it as float32") from error
    if array.dtype.kind not in NUMBERS:  # the package ml_dtypes, where it is installed
        raise ValueError(f"{name} is of {array.dtype}: save it as float32")
    return array


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
