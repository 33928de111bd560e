"""Each bad input: one line that names it and the hint, exit code 2, and the folder as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_inputs.cases import BAD_INPUTS, BadInput
from tests.bad_inputs.runner import run
from tests.bad_inputs.world import build_world
from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    build_world(folder)
    return folder


@pytest.mark.parametrize("case", BAD_INPUTS, ids=lambda case: case.what.replace(" ", "_"))
def test_a_bad_input_is_one_line_and_loses_nothing(case: BadInput, world: Path) -> None:
    outcome = run(case, world)
    assert outcome.changed == ()
    assert outcome.code == 2, outcome.line
    assert outcome.line.startswith("hiervox: ") and outcome.line.count("\n") == 1
    for part in case.says:
        assert part in outcome.line


def test_the_cases_are_many_and_the_docs_list_them() -> None:
    names = [case.what for case in BAD_INPUTS]
    assert len(set(names)) == len(names) >= 40
    page = (REPOSITORY / "docs" / "lab_notes" / "bad_inputs.md").read_text(encoding="utf-8")
    table = page[page.index("| bad input |") :]
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    assert rows[1:] == names  # the first names the columns
