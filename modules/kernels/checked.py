"""What the compiled passes of Conformers and dense blocks share."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from logging import Logger
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from hiervox.modules.kernels.compiled import announced, made_or_none

COLUMNS = 16
"""Of a panel of weights."""
TOLERANCE = 1e-4
"""Of the standard deviation, in the check before first use."""


def kernels_or_none(
    module: str, layers: str, log: Logger, require_agreement: Callable[[ModuleType], None]
) -> ModuleType | None:
    """A module of compiled passes beside this one; None, with one line in the log, where they can't be had.

    Args:
        module: its name; importing it imports numba.
        layers: what it computes, for the log.
        log: where that goes.
        require_agreement: raises RuntimeError where the passes compute otherwise than PyTorch does.
    """

    def checked() -> ModuleType:
        notice = announced(log, f"preparing {layers} for this processor")
        with notice, torch.inference_mode(), torch.autocast("cpu", enabled=False):
            compiled = import_module(f"hiervox.modules.kernels.{module}")
            from hiervox.modules.kernels.register_tiles import compiles_for_fma

            if not compiles_for_fma():
                raise RuntimeError("no fused multiplication and addition")
            require_agreement(compiled)
        return compiled

    instead = f"{layers} run layer by layer, which is slower: numba is of no use here"
    return made_or_none(checked, log, instead)


def flat_arrays(*tensors: Tensor) -> tuple[Any, ...]:
    """Of any shapes and number types, as float32, each in memory of its own."""
    return tuple(
        tensor.detach().float().flatten().clone(memory_format=torch.contiguous_format).numpy()
        for tensor in tensors
    )
