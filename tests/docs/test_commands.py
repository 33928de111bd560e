"""Commands in the documentation name verbs and options that exist."""

from __future__ import annotations

import re
import shlex

import pytest
import typer
from typer.core import TyperGroup

from bins.app import app
from tests.conftest import REPOSITORY

PAGES = ("tts.md", "vc.md", "evaluation.md")
BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_commands_parse(page: str) -> None:
    text = (REPOSITORY / "docs" / page).read_text(encoding="utf-8")
    lines = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("hiervox ")]
    assert commands
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    for verb, *arguments in commands:
        group.commands[verb].make_context(verb, arguments)  # parses, and runs nothing


def test_the_table_of_tts_names_every_option() -> None:
    text = (REPOSITORY / "docs" / "tts.md").read_text(encoding="utf-8")
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    options = {name for parameter in group.commands["tts"].params for name in parameter.opts}
    assert {name for name in options if f"`{name}" not in text} <= {"--prompt", "--help"}
