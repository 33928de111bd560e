"""Commands in the documentation name verbs and options that exist."""

from __future__ import annotations

import re
import shlex

import pytest
import typer
from typer.core import TyperGroup

from hiervox.bins.app import app
from hiervox.bins.verbs import VERBS
from tests.conftest import REPOSITORY
from tests.own import own

PAGES = sorted(
    page.relative_to(REPOSITORY).as_posix()
    for page in [REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")]
    if re.search(r"^hiervox ", page.read_text(encoding="utf-8"), re.MULTILINE)
)
BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_commands_parse(page: str) -> None:
    text = (REPOSITORY / page).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    commands = [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("hiervox ")]
    assert commands
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    brought = set(re.findall(r'^VERB = Verb\("([\w-]+)"', text, re.MULTILINE))  # by the page itself
    for verb, *arguments in commands:
        if verb in brought:
            continue
        command = group.commands[verb]
        if isinstance(command, TyperGroup) and arguments:
            verb, *arguments = arguments
            command = command.commands[verb]
        command.make_context(verb, arguments)  # parses, and runs nothing


def test_the_table_of_tts_names_every_option() -> None:
    text = (REPOSITORY / "docs" / "guides" / "tts.md").read_text(encoding="utf-8")
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    names = {name for parameter in group.commands["tts"].params for name in parameter.opts}
    options = {name for name in names if name.startswith("-")}
    assert {name for name in options if f"`{name}" not in text} <= {"--prompt", "--help"}


def test_every_help_has_an_example_that_parses() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    verbs = {name: group.commands[name] for name in own(VERBS)}
    commands = {name: command for name, command in verbs.items() if not isinstance(command, TyperGroup)}
    for name, inner in verbs.items():
        if isinstance(inner, TyperGroup):
            commands |= {f"{name} {verb}": command for verb, command in inner.commands.items()}
    for name, command in commands.items():
        examples = re.findall(r"^ +(?:\S.* \| )?hiervox (.+)$", command.help or "", re.MULTILINE)
        assert examples, name
        for example in examples:
            arguments = shlex.split(example)
            assert " ".join(arguments).startswith(name), example
            command.make_context(name, arguments[len(name.split()) :])
