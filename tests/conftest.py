"""Fixtures that every test may use."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from tests.warm_python import WarmPython

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of golden files, published checkpoints and recordings that stands beside a checkout.

    Tests that need it are skipped, and say so, where it is absent.
    """
    folder = REPOSITORY.parent / "shared"
    if not (folder / "parity").is_dir():
        pytest.skip("needs the golden files of ../shared, which are not here")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _no_lines_of_progress() -> Iterator[None]:
    """On a busy machine a verb may say that it is still at work; tests that count lines mean other lines."""
    from hiervox.bins import progress

    with mock.patch.object(progress, "LINE_SECONDS", 3600.0):
        yield


@pytest.fixture(scope="session")
def warm_python() -> Iterator[Path]:
    """A folder with a `python` and a `hiervox` that start without importing torch again."""
    with tempfile.TemporaryDirectory(prefix="hv") as folder:
        warm = WarmPython(Path(folder))
        yield warm.programs
        warm.close()
