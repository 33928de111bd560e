"""Of `python -m tests.endurance`: the rows that it prints, and every verb once."""

from __future__ import annotations

import os
import sys
from multiprocessing import get_context
from pathlib import Path

import pytest

from hiervox.bins.verbs import VERBS
from tests.endurance import __main__ as endurance
from tests.endurance.__main__ import Row, Sample, endure
from tests.endurance.verbs import TRIES, world

ELSEWHERE = {
    "serve": "python -m tests.load",
    "web": "tests/bins/serving/web",
    "svc": "no system of the tree serves it",
}
"""Verbs that have no try, and where they are tried."""


def test_every_verb_has_a_try() -> None:
    own = {name for name in VERBS if name not in VERBS.packages}
    assert own == {name.split()[0] for name in TRIES} | set(ELSEWHERE)


def test_every_try_does_its_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with world(tmp_path) as place:
        out = place / "out"
        out.mkdir()
        monkeypatch.setenv("HIERVOX_HOME", str(out / "home"))
        for name, tried in TRIES.items():
            if name == "benchmark":  # seconds, for its processes
                continue
            before = {str(path) for path in out.rglob("*")}
            result = tried.run(out)
            assert result.exit_code == 0, f"{name}: {result.exception!r} {result.output}"
            assert ({str(path) for path in out.rglob("*")} != before) == tried.writes, name


def test_growth_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def samples(grow: float) -> list[Sample]:
        return [Sample(float(time), int(1e8 * (1 + grow * time)), 9) for time in range(100)]

    flat, grown = Row.of("a", samples(0)), Row.of("b", samples(0.01))
    assert not flat.fault and "memory grew by" in grown.fault
    assert str(flat) == "| `a` | 100 | 100.0 | 100.0 | +0.0% | 9, 9 |"
    assert Row.of("c", [Sample(0.0, 1, 3), *(Sample(9.0, 1, 30) for _ in range(9))]).files == (30, 30)


def test_a_verb_that_fails_ends_its_run() -> None:
    before = os.environ.get("HIERVOX_HOME")
    row = Row.of("systems", endure("systems", 1e-6))
    assert (row.runs, row.fault) == (1, "") and row.memory[0] > 0
    os.environ.pop("HIERVOX_HOME") if before is None else os.environ.update(HIERVOX_HOME=before)


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_more_verbs_run_at_once_than_jobs(
    jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = get_context("fork").Barrier(jobs)

    def work(name: str, minutes: float, place: Path) -> None:
        (place / name).touch()
        met.wait(minutes)
        running = len(list(place.glob("?")))
        met.wait(minutes)
        (place / name).unlink()
        sys.exit(running)

    monkeypatch.setattr(endurance, "work", work)
    assert dict(endurance.in_turn("abcd", 60.0, tmp_path, jobs)) == dict.fromkeys("abcd", jobs)
