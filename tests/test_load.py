"""Tests of `tests.load`."""

from __future__ import annotations

from tests.load import measure, texts_of


def test_texts_are_not_alike() -> None:
    texts = texts_of(200)
    assert len(set(texts)) == 200 and {text.count(".") for text in texts} == {1, 2, 3}


def test_a_small_load_is_borne() -> None:
    report = measure("box", requests=6, clients=3, hanging=4)
    assert report.faults == []
    rows = dict(report.rows)
    assert rows["requests, clients"] == "6, 3"
    assert float(rows["largest difference from own synthesis"]) < 1e-4
