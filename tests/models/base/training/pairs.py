"""Two processes that train together, forked from this one. gloo, on the CPU."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from multiprocessing import get_context

import torch


def in_two_processes(run: Callable[[int], None], machines: int = 1) -> None:
    """Call a function in both, with their numbers.

    Args:
        run: what each does.
        machines: 2 lets each process be the first of its machine.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def process(rank: int) -> None:
        names = {"RANK": rank, "LOCAL_RANK": rank if machines == 1 else 0, "WORLD_SIZE": 2}
        names |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        os.environ.update({name: str(value) for name, value in names.items()})
        torch.set_num_threads(1)
        run(rank)

    processes = [get_context("fork").Process(target=process, args=(rank,)) for rank in range(2)]
    try:
        for each in processes:
            each.start()
        for each in processes:
            each.join(timeout=120)
        assert [each.exitcode for each in processes] == [0, 0]
    finally:
        for each in processes:
            each.kill()
