"""Signals that ask a training to save and end."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopRequest:
    """While the block runs, SIGTERM and Ctrl-C are remembered; a second Ctrl-C ends the block at once.

    Attributes:
        received: the signal that came; None until one does.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}
        self._process = os.getpid()

    @property
    def exit_code(self) -> int:
        """What a shell reports of a program that the signal ended."""
        return 128 + (self.received or signal.SIGTERM)

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():  # no other may set handlers
            self._before = {number: signal.signal(number, self._remember) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:  # a data-loading process: its parent decides
            return
        if number == signal.SIGINT:
            if self.received is signal.SIGINT:
                raise KeyboardInterrupt
            os.write(2, b"\nsaving after this step; Ctrl-C again leaves at once\n")
        self.received = signal.Signals(number)
