"""The server as one process or several."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import Any

import uvicorn
from fastapi import FastAPI

from hiervox.bins.serving.answers import METRICS_VARIABLE, Metrics
from hiervox.bins.serving.app import make_app
from hiervox.bins.serving.bodies import JSON_BYTES, Limits
from hiervox.bins.serving.engine import Engine
from hiervox.utils.errors import ConfigError, HierVoxError
from hiervox.utils.host import usable_cores

THREADS_VARIABLE = "OMP_NUM_THREADS"


@dataclass(frozen=True)
class Settings:
    """What a process is started with.

    Attributes:
        models, device, most, batch, precision: see `Engine`.
        keys, time_limit, limits, allow_voices, origins: see `make_app`.
    """

    models: Sequence[str] = ()
    device: str = "auto"
    most: int = 64
    keys: Sequence[str] = ()
    time_limit: float = 600.0
    limits: Limits = field(default_factory=Limits)
    allow_voices: bool = False
    batch: int | None = None
    origins: Sequence[str] = ()
    precision: str = "float32"

    def engine(self) -> Engine:
        """The models.

        Raises:
            HierVoxError: one can't be served.
        """
        return Engine(self.models, self.device, self.most, self.batch, self.precision)


def serve_alone(
    settings: Settings,
    listening: socket.socket,
    engine: Engine,
    mount: Callable[[FastAPI, Engine, Metrics], None] | None = None,
    wyoming: socket.socket | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, and finish what was begun.

    Args:
        settings: of the server.
        listening: where it is asked.
        engine: of the settings.
        mount: puts more on the server.
        wyoming: where the Wyoming protocol is spoken.
    """
    app = make_app(
        engine,
        settings.keys,
        settings.time_limit,
        settings.limits,
        settings.allow_voices,
        wyoming,
        settings.origins,
    )
    if mount is not None:
        mount(app, engine, app.state.metrics)
    config = uvicorn.Config(app, log_level="warning", ws_max_size=JSON_BYTES)
    uvicorn.Server(config).run([listening])


def serve_together(
    settings: Settings, listening: socket.socket, count: int, wyoming: socket.socket | None = None
) -> None:
    """Serve with several processes, which share the cores, until SIGTERM, SIGINT or the end of one of them.

    Raises:
        ConfigError: one ended by itself.
    """
    threads = max(1, usable_cores() // count)
    os.environ.setdefault(THREADS_VARIABLE, str(threads))
    context = multiprocessing.get_context("spawn")
    asked: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ[METRICS_VARIABLE] = folder
        processes = [
            context.Process(target=_process, args=(settings, listening, wyoming)) for _ in range(count)
        ]
        for process in processes:
            process.start()

        def stop(*numbers: Any) -> None:
            asked.extend(numbers[:1])
            for process in processes:
                if process.is_alive():
                    process.terminate()

        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            wait([process.sentinel for process in processes])
            failed = not asked
            stop()
            for process in processes:
                process.join()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    if failed:
        raise ConfigError("a process of the server ended", "see what it printed, and start the server again")
    signal.raise_signal(asked[0])


def _process(settings: Settings, listening: socket.socket, wyoming: socket.socket | None) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # behind what was begun
    os.setpgrp()  # SIGINT of a terminal goes to the first process, which passes it on
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        serve_alone(settings, listening, settings.engine(), wyoming=wyoming)
    except HierVoxError as error:
        raise SystemExit(str(error)) from error


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
