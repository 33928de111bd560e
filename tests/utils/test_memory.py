"""Tests of `hiervox.utils.memory`."""

from __future__ import annotations

import ctypes
import sys

import pytest

from hiervox.utils import memory


@pytest.fixture(autouse=True)
def _fresh() -> None:
    memory._trim.cache_clear()


def test_the_c_library_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Library:
        malloc_trim = asked.append

    monkeypatch.setattr(ctypes, "CDLL", lambda name: Library)
    memory.release_unused_memory()
    assert asked == [0]


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    memory.release_unused_memory()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_what_is_freed_is_given_back() -> None:
    from hiervox.utils.host import resident_bytes

    held = [bytes(60_000) for _ in range(2000)]  # below the size that the C library maps on its own
    kept = held[::100]
    full = resident_bytes()
    del held
    memory.release_unused_memory()
    assert len(kept) == 20 and resident_bytes() < full - 80e6
