"""Compiling kernels, with a word where it takes long, and running them in equal shares on several threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from logging import Logger
from threading import Timer
from typing import Any, TypeVar

MadeT = TypeVar("MadeT")
OPTIONS: Any = {"nogil": True, "fastmath": {"contract", "nsz"}, "error_model": "numpy"}
"""Of numba's `njit`, for all kernels."""
SILENT_SECONDS = 0.7
"""A compilation that takes longer is announced."""
REASON_LENGTH = 200
"""Characters of what a failed compilation says."""


def compiled(kernel: Callable[..., None]) -> Callable[..., None]:
    """Compile at the first call, without Python's lock; kept on disk where numba finds a place to write."""
    from numba import njit

    try:
        made: Callable[..., None] = njit(cache=True, **OPTIONS)(kernel)
    except RuntimeError:  # neither the kernel's folder nor a home can be written
        made = njit(**OPTIONS)(kernel)
    return made


def run_shares(kernel: Callable[[int, int], None], count: int, threads: int) -> None:
    """Call `kernel(first, last)` on equal shares of `range(count)`, one for each thread.

    Args:
        kernel: one that lets go of Python's lock.
        count: how many there are.
        threads: at most so many shares; the last is the calling thread's own.
    """
    threads = max(1, min(threads, count))
    bounds = [count * thread // threads for thread in range(threads + 1)]
    if threads == 1:
        kernel(0, count)
        return
    pool = _pool(os.getpid(), threads - 1)
    shares = [pool.submit(kernel, *bounds[k : k + 2]) for k in range(threads - 1)]
    kernel(*bounds[-2:])
    for share in wait(shares).done:
        share.result()


@contextmanager
def announced(log: Logger, message: str) -> Iterator[None]:
    """Log `message` if what is inside takes long."""
    notice = Timer(SILENT_SECONDS, log.info, (message,))
    notice.daemon = True
    notice.start()
    try:
        yield
    finally:
        notice.cancel()


def made_or_none(make: Callable[[], MadeT], log: Logger, instead: str) -> MadeT | None:
    """What `make` gives; None, with one line in the log, where it fails.

    Compilers fail in many ways: they are not installed, do not know the processor, or can't write.

    Args:
        make: imports, compiles and tries kernels.
        log: gets the warning.
        instead: what is done without kernels, and which compiler is of no use; the reason follows.
    """
    try:
        return make()
    except Exception as error:
        log.warning("%s (%s)", instead, " ".join(str(error).split())[:REASON_LENGTH])
        return None


@cache
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    """Threads beside the calling one; a forked process has its own."""
    return ThreadPoolExecutor(threads, thread_name_prefix="compiled")
