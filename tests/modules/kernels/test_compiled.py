"""Tests of `hiervox.modules.kernels.compiled`: what is said where nothing can be compiled."""

from __future__ import annotations

import logging

import pytest

from hiervox.modules.kernels.compiled import REASON_LENGTH, made_or_none

LOG = logging.getLogger("test_compiled")


def test_what_is_made_is_given_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    assert made_or_none(lambda: 3, LOG, "slow") == 3
    assert not caplog.records


def test_a_failure_is_one_short_line(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise OSError("no\n  compiler" + 1000 * "!")

    assert made_or_none(fail, LOG, "all is slow: it is of no use here") is None
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.message.startswith("all is slow: it is of no use here (no compiler!")
    assert len(record.message) == len("all is slow: it is of no use here ()") + REASON_LENGTH


def test_an_interruption_is_no_failure() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_or_none(interrupt, LOG, "slow")
