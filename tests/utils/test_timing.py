"""Tests of `hiervox.utils.timing`."""

from __future__ import annotations

import pytest

from hiervox.utils.host import peak_memory
from hiervox.utils.timing import Timing, measure, ratios


def test_sides_run_in_turn_after_the_warmup() -> None:
    order: list[str] = []
    timings = measure({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, repeats=2, warmup=1)
    assert order == ["a", "b"] * 3
    assert {name: len(timing.wall) for name, timing in timings.items()} == {"a": 2, "b": 2}


def test_waiting_is_wall_time_and_no_processor_time() -> None:
    import time

    timing = measure({"wait": lambda: time.sleep(0.05)}, repeats=1, warmup=0)["wait"]
    assert timing.median("wall") >= 0.05 > timing.median("processor")


def test_medians_spreads_and_ratios() -> None:
    slow, fast = Timing((9.0, 8.0, 6.0), (4.0, 6.0, 8.0)), Timing((1.0, 1.0, 1.0), (2.0, 2.0, 1.0))
    assert slow.median() == 6.0 and slow.median("wall") == 8.0
    assert slow.spread() == (4.0, 8.0)
    assert ratios(slow, fast) == pytest.approx((2.0, 3.0, 8.0))


def test_peak_memory_is_in_bytes() -> None:
    assert 10e6 < peak_memory() < 100e9
