"""In which number type the networks of a pipeline multiply, set around its methods from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial, wraps
from typing import Any, TypeVar, get_args

import torch

from hiervox.models.base.card import SystemCard
from hiervox.utils.device import Precision
from hiervox.utils.errors import ConfigError
from hiervox.utils.methods import public_methods
from hiervox.utils.registry import nearest

PRECISIONS: tuple[Precision, ...] = get_args(Precision)
TF32_CAPABILITY = (8, 0)
"""Of CUDA, from which on a GPU multiplies by TensorFloat-32."""


PipelineT = TypeVar("PipelineT")
Computing = Callable[[], AbstractContextManager[None]]


def set_tf32(allowed: bool) -> None:
    """Whether a GPU multiplies float32 by TensorFloat-32, which keeps 10 bits of the mantissa."""
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def require_precision(precision: str, device: torch.device) -> None:
    """Refuse a precision that a device does not have.

    Args:
        precision: one of `PRECISIONS`: `tf32` is float32 that a GPU multiplies by TensorFloat-32, `bf16` is
            bfloat16 by autocast.
        device: where the networks run.

    Raises:
        ConfigError: no such precision, or not here.
    """
    if precision not in PRECISIONS:
        raise ConfigError(f"no precision {precision!r}", nearest(precision, PRECISIONS))
    if not _has(precision, device):
        raise ConfigError(f"{device} does not compute in {precision}", "use float32")


def _has(precision: str, device: torch.device) -> bool:
    if precision == "float32":
        return True
    if device.type == "cuda":
        is_recent = torch.cuda.get_device_capability(device) >= TF32_CAPABILITY
        return is_recent if precision == "tf32" else torch.cuda.is_bf16_supported()
    return device.type == "cpu" and precision == "bf16"


@contextmanager
def computing_in(precision: str, device: torch.device) -> Iterator[None]:
    """Compute what the block computes in a precision; settings of torch are as before behind it."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    set_tf32(precision == "tf32")
    try:
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def opened_in(
    precision: str | None, device: torch.device, card: SystemCard, opened: Callable[[], PipelineT]
) -> PipelineT:
    """A pipeline whose public methods, and the streams that they return, compute in a precision.

    Args:
        precision: as for `require_precision`; None for that in which the caller computes.
        device: where the networks run.
        card: of the pipeline's system.
        opened: opens it.

    Raises:
        ConfigError: as `require_precision`, or the system computes in float32 alone.
    """
    if precision is None:
        precision = "float32" if card.float32_only else None
    else:
        require_precision(precision, device)
        if precision != "float32" and card.float32_only:
            raise ConfigError(f"{card.name} computes in float32 alone", f"leave {precision} out")
    is_plain = device.type == "cpu" and not torch.is_autocast_enabled("cpu") and precision == "float32"
    if precision is None or is_plain:
        return opened()
    computing = partial(computing_in, precision, device)
    with computing():
        pipeline = opened()
    for name, method in public_methods(pipeline).items():
        setattr(pipeline, name, _computed(method, computing))
    return pipeline


def _computed(method: Callable[..., Any], computing: Computing) -> Callable[..., Any]:
    @wraps(method)
    def computed(*args: Any, **kwargs: Any) -> Any:
        with computing():
            result = method(*args, **kwargs)
        if type(result) is tuple:
            return tuple(_resumed_in(entry, computing) for entry in result)
        return _resumed_in(result, computing)

    return computed


def _resumed_in(result: Any, computing: Computing) -> Any:
    return _steps(result, computing) if isinstance(result, Iterator) else result


def _steps(chunks: Iterator[Any], computing: Computing) -> Iterator[Any]:
    """The same, each step of it taken in the precision, and none of what lies between."""
    end = object()
    try:
        while True:
            with computing():
                chunk = next(chunks, end)
            if chunk is end:
                return
            yield chunk
    finally:
        if (close := getattr(chunks, "close", None)) is not None:
            close()
