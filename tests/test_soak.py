"""Tests of `tests.soak`."""

from __future__ import annotations

import pytest

from tests.soak import growth, soak


def test_growth_is_of_the_last_quarter_over_the_first_after_warming_up() -> None:
    held = [(float(second), 500 if second < 100 else 1000) for second in range(1000)]
    assert growth(held) == 1.0
    assert growth([(second, size + int(second)) for second, size in held]) == pytest.approx(
        1999 / 1324, rel=0.01
    )


def test_a_text_is_spoken_and_memory_is_read() -> None:
    held = list(soak(None, minutes=0.01))
    assert len(held) == 1 and held[0][0] > 0.5 and held[0][1] > 10**7
