"""Fixtures that every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

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
