"""The measurement of what grows with a corpus, in small."""

from __future__ import annotations

from pathlib import Path

import pytest

from hiervox.models.base.data.shards import open_shards
from tests.scale import corpus
from tests.scale.measure import bucketing, evaluation, index_of, training
from tests.scale.plot import draw


def test_a_corpus_of_copies_is_read_and_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "UNIT", 24)
    shards, cache = str(corpus.make_shards(tmp_path, 72)), str(tmp_path / "cache")
    index = open_shards(Path(shards), Path(cache))
    assert len(index) == 72 and len(set(index.ids())) == 72 and len(index.chunks) == 3
    figures = training(shards, cache, 2, 0) | bucketing(shards, cache) | evaluation(50)
    figures |= index_of(str(corpus.make_manifest(tmp_path, 48)))
    assert all(value >= 0 for value in figures.values())
    assert 0 < figures["wait_share"] < 1 and figures["driver_mb"] > 10
    draw({"72": figures}, tmp_path / "scale.svg")
    assert (tmp_path / "scale.svg").stat().st_size > 5000


def test_large_sets_are_drawn_as_small_ones_are(monkeypatch: pytest.MonkeyPatch) -> None:
    from hiervox.evaluation import estimate

    kept = estimate.mean_estimate([0.1, 0.5, 0.2, 0.9] * 5)
    monkeypatch.setattr(estimate, "MOST_KEPT", 1)
    assert estimate.mean_estimate([0.1, 0.5, 0.2, 0.9] * 5) == kept
