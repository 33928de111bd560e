"""The page in a browser, once for the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.bins.serving.web.browser import Opened


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    from tests.bins.serving.web.browser import opened_page  # it needs the extra web

    with opened_page(tmp_path_factory.mktemp("page")) as page:
        yield page
