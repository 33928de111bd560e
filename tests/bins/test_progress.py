"""What is said while something takes long."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from hiervox.bins import progress


def test_one_long_item_is_told_while_it_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.05)

    def slow() -> Iterator[int]:
        time.sleep(0.3)
        yield 1
        raise ValueError("mine")

    items = progress.patiently(slow(), "the one sentence of a.wav")
    assert next(items) == 1
    assert "hiervox: 0 s at the one sentence of a.wav" in capsys.readouterr().err
    time.sleep(0.2)  # of the one who takes them
    assert not capsys.readouterr().err
    with pytest.raises(ValueError, match="mine"):
        next(items)
    assert list(progress.patiently(iter((1, 2)), "two")) == [1, 2]
