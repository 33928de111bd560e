from __future__ import annotations

import threading
from concurrent.futures import CancelledError

import pytest

from hiervox.bins.serving.worker import Worker


def test_what_is_due_first_is_done_first() -> None:
    worker, gate, done = Worker("test"), threading.Event(), []
    worker.submit(gate.wait, 0)
    futures = [worker.submit(lambda due=due: done.append(due), due) for due in (3, 1, 2)]
    dropped = worker.submit(lambda: done.append("dropped"), 0)
    assert dropped.cancel()
    gate.set()
    worker.stop()
    assert done == [1, 2, 3] and all(future.done() for future in futures)
    with pytest.raises(CancelledError):
        dropped.result()
    with pytest.raises(RuntimeError):
        worker.submit(gate.wait, 0)


def test_an_error_is_that_of_its_job_alone() -> None:
    worker = Worker("test")
    with pytest.raises(ZeroDivisionError):
        worker.submit(lambda: 1 / 0, 0).result()
    assert worker.submit(lambda: 1, 0).result() == 1
    worker.stop()
