"""Networks built without the random values that loaded weights replace at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Lock, local
from typing import Any

from torch.nn import init

FILLING = ("kaiming_normal_", "kaiming_uniform_", "normal_", "uniform_", "xavier_normal_", "xavier_uniform_")
"""Functions of `torch.nn.init` that constructors spend their time in."""

_here = local()
_lock = Lock()
_blocks = 0
_filling = {name: getattr(init, name) for name in FILLING}


@contextmanager
def unfilled_weights() -> Iterator[None]:
    """In the block, weights that this thread makes keep what was in their memory; other threads' are filled.

    For networks whose whole state is loaded afterwards. No random number is drawn.
    """
    global _blocks
    before = getattr(_here, "unfilled", False)
    with _lock:
        _blocks += 1
        for name, function in _filling.items():
            setattr(init, name, _unless_unfilled(function))
    _here.unfilled = True
    try:
        yield
    finally:
        _here.unfilled = before
        with _lock:
            _blocks -= 1
            for name, function in _filling.items() if not _blocks else ():
                setattr(init, name, function)


def _unless_unfilled(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def filled(tensor: Any, *arguments: Any, **options: Any) -> Any:
        return tensor if getattr(_here, "unfilled", False) else function(tensor, *arguments, **options)

    return filled
