"""The one `device` argument."""

from __future__ import annotations

import ctypes
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from hiervox.utils.errors import ConfigError
from hiervox.utils.launch import local_rank

if TYPE_CHECKING:
    import torch

Precision = Literal["float32", "tf32", "bf16"]
"""In which networks multiply: `tf32` is float32 that a GPU multiplies by TensorFloat-32, `bf16` autocast."""
KINDS = ("cpu", "cuda", "mps")
"""What networks are run on here; torch knows more, which nobody has tried."""


def choose_device(name: str = "auto") -> torch.device:
    """`auto` is CUDA, else MPS, else the CPU; otherwise `cpu`, `cuda`, `cuda:1`, … or `mps`.

    Raises:
        ConfigError: the name is no device, or the device is not there.
    """
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except (RuntimeError, ValueError, TypeError) as error:
        raise ConfigError(f"no device {name!r}", _ADVICE) from error
    if device.type not in KINDS:
        raise ConfigError(f"no device {name!r}", _ADVICE)
    if (device.index or 0) >= _count(device.type):
        raise ConfigError(f"no device {name!r} on this machine", "use --device cpu or --device auto")
    return device


def may_have_gpu() -> bool:
    """Whether a GPU that torch's CUDA, ROCm or MPS can use may be here, found without torch."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    for driver in ("libcuda.so.1", "nvcuda.dll"):
        try:
            ctypes.CDLL(driver)
        except OSError:
            continue
        return True
    return Path("/dev/kfd").exists()


_ADVICE = "use auto, cpu, cuda or mps"


def _count(kind: str) -> int:
    import torch

    if kind == "cuda":
        return torch.cuda.device_count()
    return 1 if kind == "cpu" or torch.backends.mps.is_available() else 0


def device_of_process(name: str = "auto") -> torch.device:
    """As `choose_device`; of the processes that `accelerate launch` starts, each gets a GPU of its own.

    Raises:
        ConfigError: as `choose_device` and `local_rank`.
    """
    import torch

    chosen = choose_device(name)
    rank = local_rank()
    if chosen.type == "cuda" and chosen.index is None and rank is not None:
        return torch.device("cuda", rank % torch.cuda.device_count())
    return chosen
