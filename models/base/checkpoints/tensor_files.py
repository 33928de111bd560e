"""Safetensors files: what is in them, their tensors, and writing them."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hiervox.models.base.checkpoints.building import TensorHeader
from hiervox.utils.errors import CheckpointError
from hiervox.utils.files import give_default_mode, is_file

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_OS_ERROR = re.compile(r"\(os error (\d+)\)")


def read_headers(path: Path) -> dict[str, TensorHeader]:
    """Names, shapes and kinds of the tensors of a file; none of them is read.

    Raises:
        CheckpointError: it is missing, truncated or not safetensors.
    """
    with _opened(path, "cpu") as stream:
        slices = {name: stream.get_slice(name) for name in stream.keys()}  # noqa: SIM118
        return {
            name: TensorHeader(tuple(part.get_shape()), str(part.get_dtype()).startswith(("F", "BF")))
            for name, part in slices.items()
        }


def load_weights(path: Path, device: str | torch.device = "cpu", prefix: str = "") -> dict[str, Tensor]:
    """Read one safetensors file, or those of its tensors whose names start with `prefix`.

    Raises:
        CheckpointError: it is missing, truncated, not safetensors, or holds a NaN or an infinity.
    """
    with _opened(path, str(device)) as stream:
        names: list[str] = stream.keys()
        tensors = {name: stream.get_tensor(name) for name in names if name.startswith(prefix)}
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not _is_finite(tensor):
            raise CheckpointError(f"tensor {name} of {path} is not finite", "use an earlier checkpoint")
    return tensors


def _is_finite(tensor: Tensor) -> bool:
    import torch

    wide = tensor.float() if tensor.element_size() == 1 else tensor  # torch can't tell of 8-bit floats
    return bool(torch.isfinite(wide).all())


@contextmanager
def _opened(path: Path, device: str) -> Iterator[Any]:
    from safetensors import SafetensorError, safe_open

    try:
        if not is_file(path):
            raise CheckpointError(f"no weights {path}", "check the path")
        with safe_open(path, "pt", device=device) as stream:
            yield stream
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError) as error:
        raise CheckpointError(
            f"{path} is not a whole safetensors file ({error})", "copy or convert it again"
        ) from error


def save_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors as safetensors, with the mode that new files have.

    Raises:
        OSError: a full disk and the like; it names the file.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    try:
        save_file(stored, path, None if metadata is None else dict(metadata))
    except SafetensorError as error:  # which is no OSError, whatever it is of
        found = _OS_ERROR.search(str(error))
        code = int(found[1]) if found else errno.EIO
        raise OSError(code, os.strerror(code), str(path)) from error
    give_default_mode(path)  # safetensors makes the file private
