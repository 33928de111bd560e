"""The README names every system of the tree, and its links lead somewhere."""

from __future__ import annotations

import re
import runpy

from tests.conftest import REPOSITORY
from tests.own import own_systems

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_the_table_of_systems_is_whole() -> None:
    rows = [line for line in README.splitlines() if line.startswith("|")]
    named = {name for row in rows for name in re.findall(r"`([a-z_0-9]+)`", row)}
    assert set(own_systems()) <= named


def test_the_table_of_systems_is_that_of_their_cards() -> None:
    program = runpy.run_path(str(REPOSITORY / "docs" / "systems_table.py"))
    assert program["with_table"](README) == README, "run python docs/systems_table.py"


def test_every_link_leads_somewhere() -> None:
    links = set(re.findall(r"\]\(([^)#]+)", README))
    local = {link for link in links if "://" not in link}
    assert {link for link in local if not (REPOSITORY / link).exists()} == set()
