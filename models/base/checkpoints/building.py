"""Networks built within bounds: no config and no file makes this process allocate without end."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hiervox.utils.errors import CheckpointError, HierVoxError

if TYPE_CHECKING:
    from torch import Tensor, nn

MOST_ENTRIES = 100_000
"""Modules and parameters of a network; the largest here has some 3,000."""
SHOWN_ISSUES = 8
BUILDING_ERRORS = (
    RuntimeError,
    MemoryError,
    ValueError,
    TypeError,
    OverflowError,
    ZeroDivisionError,
    IndexError,
    AssertionError,
    struct.error,
)
"""What torch, numpy and Python raise where sizes are out of proportion or do not fit each other."""


@dataclass(frozen=True)
class TensorHeader:
    """What is known of a stored tensor before it is read.

    Attributes:
        shape: of the tensor.
        is_float: whether its numbers are floating ones.
    """

    shape: tuple[int, ...]
    is_float: bool

    def __str__(self) -> str:
        return f"{self.shape}{'' if self.is_float else ' of integers'}"


@contextmanager
def bounded_building(source: object, most_numbers: int | None = None) -> Iterator[None]:
    """Networks that are made in the block are of bounded size, and of sizes that fit each other.

    torch registers a parameter before it writes to its memory, so counting there is in time.

    Args:
        source: whose sizes they have, for the message.
        most_numbers: of all parameters; None for what would fill this machine's memory in float32.

    Raises:
        CheckpointError: they are not; instead of what torch raises.
    """
    from torch.nn import Parameter
    from torch.nn.modules.module import (
        register_module_module_registration_hook,
        register_module_parameter_registration_hook,
    )

    limit = _numbers_in_memory() if most_numbers is None else most_numbers
    entries = numbers = 0

    def count(module: nn.Module, name: str, entry: object) -> None:
        nonlocal entries, numbers
        entries += 1
        numbers += entry.numel() if isinstance(entry, Parameter) else 0
        if entries > MOST_ENTRIES:
            raise ValueError(f"it would have more than {MOST_ENTRIES} layers")
        if numbers > limit:
            raise ValueError(f"it would have more than {limit / 1e6:.0f} M weights")

    hooks = (
        register_module_module_registration_hook(count),
        register_module_parameter_registration_hook(count),
    )
    try:
        yield
    except HierVoxError:
        raise
    except BUILDING_ERRORS as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CheckpointError(
            f"no network can be built with the sizes of {source} ({reason})", "correct the config"
        ) from error
    finally:
        for hook in hooks:
            hook.remove()


def _numbers_in_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4


def numbers_of(headers: Mapping[str, TensorHeader]) -> int:
    """How many numbers stored tensors have."""
    return sum(math.prod(header.shape) for header in headers.values())


def headers_of(tensors: Mapping[str, Tensor]) -> dict[str, TensorHeader]:
    """Shapes and kinds of tensors by name."""
    return {
        name: TensorHeader(tuple(tensor.shape), tensor.is_floating_point())
        for name, tensor in tensors.items()
    }


def require_fit(stored: Mapping[str, TensorHeader], own: Mapping[str, TensorHeader], source: object) -> None:
    """Refuse stored tensors that are not those of a network.

    Raises:
        CheckpointError: naming missing and surplus tensors, and those of another shape or kind.
    """
    issues = [f"missing {name}" for name in own if name not in stored]
    issues += [f"surplus {name}" for name in stored if name not in own]
    issues += [
        f"{name} is {stored[name]} instead of {header}"
        for name, header in own.items()
        if name in stored and stored[name] != header
    ]
    if issues:
        more = f" and {len(issues) - SHOWN_ISSUES} more" if len(issues) > SHOWN_ISSUES else ""
        raise CheckpointError(
            f"{source} does not fit the network: {', '.join(issues[:SHOWN_ISSUES])}{more}",
            "use the config it was made with",
        )
