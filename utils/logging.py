"""Log lines on stderr that do not tear progress bars."""

from __future__ import annotations

import logging
import sys
from functools import lru_cache

from tqdm import tqdm


class _ProgressHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record), file=sys.stderr)


@lru_cache(maxsize=1000)
def warn_once(logger: logging.Logger, message: str) -> None:
    """Log a warning unless the same one has been logged before."""
    logger.warning("%s", message)


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
