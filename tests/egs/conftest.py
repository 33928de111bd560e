"""Recipes under test find a `python` and a `hiervox` that have imported torch already."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest


@pytest.fixture(scope="module", autouse=True)
def _warm_programs(warm_python: Path) -> Iterator[None]:
    with mock.patch.dict(os.environ, PATH=f"{warm_python}:{os.environ['PATH']}"):
        yield
