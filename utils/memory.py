"""Memory that the C library holds, and Python's garbage collection."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache


@cache
def _trim() -> Callable[[int], object] | None:
    """The GNU C library's `malloc_trim`; None with another C library."""
    try:
        trim: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    return trim


def release_unused_memory() -> None:
    """Give unused memory back, where the C library has a way to.

    Tensors of ever other sizes, as sentences of other lengths need, leave gaps between them in its heap,
    which otherwise grows while a process speaks.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile: what is imported and built stays, and the search costs a tenth."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
