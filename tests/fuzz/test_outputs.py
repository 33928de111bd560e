"""Random outputs under random names, a few of them; `python -m tests.fuzz.outputs` goes on with more."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from hiervox.utils import outputs
from tests.fuzz.outputs import attempt, copy, world

TRIES = 60


@pytest.fixture
def places(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """The world and a copy of it."""
    with world(tmp_path) as place:
        copy(place, tmp_path / "pristine")
        yield place, tmp_path / "pristine"


def outcomes(places: tuple[Path, Path]) -> set[str]:
    rng = random.Random(7)
    return {attempt(rng, *places) for _ in range(TRIES)}


def test_random_outputs_lose_nothing(places: tuple[Path, Path]) -> None:
    assert outcomes(places) == {"written", "refused"}


def test_a_check_that_does_not_look_at_inputs_is_found(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "_check_inputs", lambda files, folders, inputs: None)
    assert any("inputs are lost" in outcome for outcome in outcomes(places))
