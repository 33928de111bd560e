"""Every verb that writes comes to the check of outputs; by the syntax tree, so that none forgets it."""

from __future__ import annotations

import ast
import importlib.util
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from hiervox.bins.verbs import VERBS

CHECK = ("hiervox.utils.outputs", "check_outputs")
WRITES_NOTHING = {
    "config show",
    "doctor",
    "models",
    "plan",
    "pretrained list",
    "pretrained show",
    "pretrained verify",
    "push",
    "recipes",
    "recipes engine",
    "recipes path",
    "systems",
    "systems show",
    "tasks",
    "voice list",
    "voice remove",
}
"""Commands that have no output of a user's choice."""

Place = tuple[str, str]
"""A module and a name of its top level."""


def commands(name: str, verb: Callable[..., None] | typer.Typer) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every command of a verb with its function."""
    if not isinstance(verb, typer.Typer):
        yield name, verb
        return
    callback = verb.registered_callback
    if callback is not None and callback.callback is not None and verb.info.invoke_without_command is True:
        yield name, callback.callback
    for command in verb.registered_commands:
        assert command.callback is not None
        yield f"{name} {command.name or command.callback.__name__}", command.callback


def all_commands() -> dict[str, Callable[..., Any]]:
    own = {name: verb for name, verb in VERBS.items() if name not in VERBS.packages}
    return {name: function for key, verb in own.items() for name, function in commands(key, verb.command)}


@cache
def tree_of(module: str) -> ast.Module:
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.origin is not None
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))


def imported(node: ast.AST) -> dict[str, Place]:
    """Names that import statements below a node bind to names of this project's modules."""
    return {
        alias.asname or alias.name: (statement.module, alias.name)
        for statement in ast.walk(node)
        if isinstance(statement, ast.ImportFrom) and str(statement.module).startswith("hiervox.")
        for alias in statement.names
        if statement.module is not None
    }


@cache
def defined(module: str) -> dict[str, ast.AST]:
    """Functions and classes of a module's top level."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name: node for node in tree_of(module).body if isinstance(node, kinds)}


@cache
def used_by(place: Place) -> frozenset[Place]:
    """What the code of a function or class names: of its own module, or imported from another."""
    module, name = place
    node = defined(module).get(name)
    if node is None:
        return frozenset()
    known = {own: (module, own) for own in defined(module)} | imported(tree_of(module))
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return frozenset(known[name] for name in names if name in known)


def comes_to_check(place: Place) -> bool:
    return reaches(place, CHECK)


def reaches(place: Place, target: Place) -> bool:
    """Whether a function's code, and what that names, come to another."""
    seen, left = set[Place](), [place]
    while left:
        current = left.pop()
        if current == target:
            return True
        if current not in seen:
            seen.add(current)
            left.extend(used_by(current))
    return False


def test_every_verb_with_an_output_comes_to_the_check() -> None:
    found = all_commands()
    without = {name for name, verb in found.items() if not comes_to_check((verb.__module__, verb.__name__))}
    assert len(found) > 30
    assert without - WRITES_NOTHING == set(), "call hiervox.utils.outputs.check_outputs before writing"
    assert WRITES_NOTHING - without == set(), "these are checked: take them off the list"


def test_what_is_said_to_write_nothing_has_no_option_of_an_output() -> None:
    for name in WRITES_NOTHING:
        options = inspect.signature(all_commands()[name]).parameters
        assert not [
            option for option in options if option in ("overwrite", "json") or "out" in option.split("_")
        ]


PLANTED = """
from pathlib import Path
from hiervox.bins.job import Job
from hiervox.utils.files import write_text

def forgets(out: Path) -> None:
    write_text(out, "lost")

def by_a_job(out: Path) -> None:
    _helper(out)

def _helper(out: Path) -> None:
    Job("tts", {out: ""}, None, "cpu", False)

def itself(out: Path) -> None:
    from hiervox.utils.outputs import check_outputs as check

    check([out])
"""


def test_a_verb_that_forgets_the_check_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "planted_verbs.py").write_text(PLANTED)
    monkeypatch.syspath_prepend(tmp_path)
    assert not comes_to_check(("planted_verbs", "forgets"))
    assert comes_to_check(("planted_verbs", "by_a_job")) and comes_to_check(("planted_verbs", "itself"))
