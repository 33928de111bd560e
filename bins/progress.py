"""How far a long verb is, on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

LINE_SECONDS = 10.0
"""Between two lines where no terminal is."""


def progress(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Pass items on and say how many there were: a bar on a terminal, else a line every ten seconds.

    Args:
        items: of the work, as they are done.
        what: they are, such as `sentences`.
        total: of them; None where it is not known. One alone is not worth a bar.
    """
    if total == 1:
        yield from items
    elif sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(items, total=total, desc=what, leave=False, file=sys.stderr)
    else:
        yield from _in_lines(items, what, total)


def patiently(items: Iterator[T], what: str) -> Iterator[T]:
    """Pass items on, and say every ten seconds how long the next one has been waited for.

    Args:
        items: few, each of which may take long.
        what: is waited for, such as a file's name.
    """
    while True:
        done, started = Event(), time.monotonic()
        told = Thread(target=_tell, args=(done, started, what), daemon=True)
        told.start()
        try:
            item = next(items, _END)
        finally:
            done.set()
            told.join()
        if isinstance(item, _End):
            return
        yield item


class _End:
    """What no item is."""


_END = _End()


def _tell(done: Event, started: float, what: str) -> None:
    while not done.wait(LINE_SECONDS):
        sys.stderr.write(f"hiervox: {time.monotonic() - started:.0f} s at {what}\n")
        sys.stderr.flush()


def _in_lines(items: Iterable[T], what: str, total: int | None) -> Iterator[T]:
    of = "" if total is None else f" of {total}"
    last = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - last >= LINE_SECONDS:
            last = time.monotonic()
            sys.stderr.write(f"hiervox: {done}{of} {what}\n")
            sys.stderr.flush()
