"""Processes for `hiervox extract`, whose modules are imported while this process still imports its own."""

from __future__ import annotations

from multiprocessing import get_all_start_methods, get_context
from multiprocessing.context import BaseContext

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
