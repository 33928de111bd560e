"""Tests of `hiervox.utils.errors`."""

from __future__ import annotations

from hiervox.utils.errors import ConfigError, shortened


def test_what_steers_a_terminal_or_breaks_the_line_is_shown_by_its_code() -> None:
    error = ConfigError("no file a\nb\x1b[2J\u2028\udce9\0.wav", "check\tthe path")
    assert str(error) == r"no file a b\x1b[2J \udce9\x00.wav: check the path"


def test_long_values_are_shortened() -> None:
    assert shortened([1, 2]) == "[1, 2]"
    assert shortened("x" * 100) == "'" + "x" * 58 + "…"
