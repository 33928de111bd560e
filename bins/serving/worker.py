"""The one thread that runs networks, and what waits for it."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Worker:
    """A thread that does one job after the other, the earliest due first.

    Of jobs due at one time, the first to come goes first.

    Attributes:
        is_open: whether it takes jobs.
    """

    def __init__(self, name: str) -> None:
        self._waiting: list[tuple[float, int, Callable[[], Any], Future[Any]]] = []
        self._changed = threading.Condition()
        self._count, self.is_open = 0, True
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], T], due: float) -> Future[T]:
        """Have something done.

        Args:
            job: what to do.
            due: when it is needed, by the monotonic clock.

        Raises:
            RuntimeError: the worker is stopped.
        """
        future: Future[T] = Future()
        with self._changed:
            if not self.is_open:
                raise RuntimeError("the worker is stopped")
            self._count += 1
            heapq.heappush(self._waiting, (due, self._count, job, future))
            self._changed.notify()
        return future

    def stop(self) -> None:
        """Take no more jobs, and wait for those that wait."""
        with self._changed:
            self.is_open = False
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or not self.is_open)
                if not self._waiting:
                    return
                _, _, job, future = heapq.heappop(self._waiting)
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(job())
                except BaseException as error:
                    future.set_exception(error)
            del job, future  # and what they hold
