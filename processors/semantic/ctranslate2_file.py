"""Reading the weights of a CTranslate2 model without CTranslate2's own runtime.

The layout of `model.bin` (little-endian) is that of `ModelSpec._serialize` in CTranslate2's Python package:
version, name and revision of the model; then each variable's name, shape, type and bytes; then aliases.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from hiervox.utils.errors import CheckpointError

BINARY_VERSION = 6
_TYPES = (torch.float32, torch.int8, torch.int16, torch.int32, torch.float16, torch.bfloat16)
_SCALE = "_scale"


def read_ctranslate2(files: Sequence[Path], prefix: str) -> dict[str, Tensor]:
    """The variables whose names begin with `prefix`; quantised weights are multiplied out.

    Args:
        files: a `model.bin`, or the parts that it was cut into, in order.
        prefix: such as `encoder/`; kept in the names.

    Returns:
        Name → tensor; floating-point ones as float32.

    Raises:
        CheckpointError: no such file, another format, or a truncated file.
    """
    try:
        content = b"".join([file.read_bytes() for file in files])
        variables = dict(_variables(memoryview(content), prefix))
    except (OSError, ValueError, struct.error, IndexError, UnicodeDecodeError) as error:
        raise CheckpointError(
            f"{files[0]} is not a whole CTranslate2 model ({error})", "install it again"
        ) from error
    return {
        name: _dequantise(tensor, variables.get(name + _SCALE))
        for name, tensor in variables.items()
        if not name.endswith(_SCALE)
    }


def _variables(data: memoryview, prefix: str) -> Iterator[tuple[str, Tensor]]:
    reader = _Reader(data)
    version = reader.number("I")
    if version != BINARY_VERSION:
        raise ValueError(f"binary version {version} instead of {BINARY_VERSION}")
    reader.string()  # name of the model's kind
    reader.number("I")  # its revision
    for _ in range(reader.number("I")):
        name = reader.string()
        shape = [reader.number("I") for _ in range(reader.number("B"))]
        dtype = _TYPES[reader.number("B")]
        content = reader.bytes(reader.number("I"))
        if name.startswith(prefix):
            yield name, torch.frombuffer(bytearray(content), dtype=dtype).reshape(shape)


def _dequantise(tensor: Tensor, scale: Tensor | None) -> Tensor:
    if scale is not None:  # one for each output row, or one in all
        return tensor.float() / scale.float().reshape(-1, *[1] * (tensor.dim() - 1))
    return tensor.float() if tensor.is_floating_point() else tensor


class _Reader:
    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._position = 0

    def number(self, code: str) -> int:
        value: int = struct.unpack_from("<" + code, self._data, self._position)[0]
        self._position += struct.calcsize("<" + code)
        return value

    def string(self) -> str:
        """Two bytes of length, then text with a closing zero that the length counts."""
        return bytes(self.bytes(self.number("H"))[:-1]).decode("utf-8")

    def bytes(self, count: int) -> memoryview:
        start, self._position = self._position, self._position + count
        if self._position > len(self._data):
            raise ValueError("the file ends too early")
        return self._data[start : self._position]
