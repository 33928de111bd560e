"""What a pass or a training step starts, counted by torch's dispatcher.

A GPU computes one operation after another, each started by the processor: where there are many small ones it
waits to be told. A value that is read back waits for all that was started before. Both can be counted on a
CPU.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

ALLOCATIONS = ("empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided", "resize_")
"""Operations that start nothing on a device, beside views."""
WAITING = ("_local_scalar_dense", "masked_select", "nonzero", "unique_dim", "_unique2", "equal")
"""Operations whose result the processor has to know before it can go on."""

_counts: list[Counter[str]] = []


def note_kernel(name: str) -> None:
    """Count a kernel that the dispatcher does not see, where somebody counts."""
    for counts in _counts:
        counts[name] += 1


class Operations(TorchDispatchMode):
    """What is started while it is entered, backward passes on a CPU among it.

    Attributes:
        started: operations that compute or copy, by name; compiled kernels of `modules/kernels` among them.
        waits: where a value was read back from a device, as FILE:LINE of the caller in this package.
    """

    def __init__(self) -> None:
        super().__init__()
        self.started: Counter[str] = Counter()
        self.waits: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """Of what was started."""
        return self.started.total()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Count, and do it."""
        name = func.overloadpacket.__name__
        if name in WAITING:
            self.waits[_caller()] += 1
        elif not func.is_view and name not in ALLOCATIONS and name != "detach":
            self.started[name] += 1
        return func(*args, **(kwargs or {}))


@contextmanager
def counted() -> Iterator[Operations]:
    """Count what the block starts."""
    with Operations() as operations:
        _counts.append(operations.started)
        try:
            yield operations
        finally:
            _counts.remove(operations.started)


def _caller() -> str:
    """The innermost place of this package that asked for a value."""
    for frame in reversed(traceback.extract_stack()):
        if frame.filename != __file__ and "site-packages" not in frame.filename:
            return f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno}"
    return "elsewhere"
