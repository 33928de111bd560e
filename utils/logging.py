"""Log lines on stderr that do not tear progress bars."""

from __future__ import annotations

import logging
import sys

from tqdm import tqdm


class _ProgressHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record), file=sys.stderr)


def get_logger(name: str) -> logging.Logger:
    """The project's logger of that name; lines go through tqdm so that bars stay whole."""
    root = logging.getLogger("hiervox")
    if not root.handlers:
        handler = _ProgressHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s", "%H:%M:%S"))
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        root.propagate = False
    return root.getChild(name)
