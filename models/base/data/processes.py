"""Processes for `hiervox extract`, whose modules are imported while this process still imports its own."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.context import BaseContext
from queue import SimpleQueue
from typing import TYPE_CHECKING

from hiervox.utils.errors import DataError

if TYPE_CHECKING:
    from hiervox.utils.blocks import BlockWork, Redone

METHOD = "forkserver"
MODULES = ["hiervox.models.base.data.extraction", "h5py", "lhotse.cut.data"]
"""What every process needs; what features import besides is known later."""


def extraction_context(device: str) -> BaseContext:
    """Where processes come from: a server that begins now to import what they need, in a process of its own.

    The server computes nothing, so that what is forked from it has neither threads nor a GPU's state. Ask for
    it as early as you know that there will be processes; later calls find the same server.

    Args:
        device: that networks run on; for others than CPUs, and where there are no such servers, processes are
            spawned.
    """
    if device not in ("auto", "cpu") or METHOD not in get_all_start_methods():
        return get_context("spawn")
    from multiprocessing.forkserver import ensure_running

    context = get_context(METHOD)
    context.set_forkserver_preload(MODULES)
    ensure_running()
    return context


class LocalLauncher:
    """Shares blocks among this process and others of this machine, each with its own networks.

    A process that dies ends the run.

    Args:
        device: of the networks.
        jobs: processes, this one among them.
    """

    redone: Sequence[Redone] = ()

    def __init__(self, device: str = "cpu", jobs: int = 1) -> None:
        self.device = device
        self.jobs = jobs

    def run(self, work: BlockWork, blocks: Sequence[int]) -> Iterator[int]:
        """See `Launcher`."""
        jobs = min(self.jobs, len(blocks))
        if jobs > 1:
            yield from self._shared(work, deque(blocks), jobs)
            return
        do_block = work.open(self.device)
        for number in blocks:
            do_block(number)
            yield number

    def _shared(self, work: BlockWork, waiting: deque[int], jobs: int) -> Iterator[int]:
        context, given = extraction_context(self.device), (work, self.device, jobs)
        done = SimpleQueue[int]()
        with (
            ProcessPoolExecutor(jobs - 1, mp_context=context, initializer=_give, initargs=given) as pool,
            ThreadPoolExecutor(jobs - 1) as threads,
            _share_of_threads(jobs),
        ):

            def do_elsewhere(number: int) -> None:
                pool.submit(_do_given, number).result()
                done.put(number)

            others = [threads.submit(_take, waiting, do_elsewhere) for _ in range(jobs - 1)]
            try:
                do_block = work.open(self.device)
                while (number := _next(waiting)) is not None:
                    do_block(number)
                    yield number
                    while not done.empty():
                        yield done.get()
                for other in others:
                    other.result()
                while not done.empty():
                    yield done.get()
            except BrokenProcessPool as error:
                raise DataError(
                    "an extraction process died (mostly: out of memory)",
                    "run it again, with fewer --jobs; finished blocks are kept",
                ) from error
            finally:
                waiting.clear()


def _take(waiting: deque[int], do_block: Callable[[int], None]) -> None:
    """Do block after block until none is left; where one fails, none is left to others."""
    try:
        while (number := _next(waiting)) is not None:
            do_block(number)
    except BaseException:
        waiting.clear()
        raise


def _next(waiting: deque[int]) -> int | None:
    try:
        return waiting.popleft()  # at once for all threads
    except IndexError:
        return None


@contextmanager
def _share_of_threads(jobs: int) -> Iterator[None]:
    """Give this process its share of the cores."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // jobs))
    try:
        yield
    finally:
        torch.set_num_threads(before)


_given: list[tuple[BlockWork, str, int]] = []
"""What a process of a pool is there for: the work, the device, how many processes there are."""


def _give(*given: object) -> None:
    _given[:] = [given]  # type: ignore[list-item]


@lru_cache(maxsize=1)
def _opened() -> Callable[[int], None]:
    """A process of a pool loads its networks once."""
    work, device, _ = _given[0]
    return work.open(device)


def _do_given(number: int) -> None:
    with _share_of_threads(_given[0][2]):
        _opened()(number)
