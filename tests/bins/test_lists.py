"""Every verb that lists things prints them as JSON, too, and as a table where a terminal is."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from hiervox.bins import tables
from hiervox.bins.app import app
from tests.bins.test_output_check import all_commands, reaches

TABLE = ("hiervox.bins.tables", "echo_table")
FURTHER = {"evaluate": ("--list",)}
"""Options without which a command does not list."""


def lists() -> dict[str, Callable[..., Any]]:
    """Commands that print a table, or say in their help that they list."""
    return {
        name: function
        for name, function in all_commands().items()
        if reaches((function.__module__, function.__name__), TABLE)
        or (inspect.getdoc(function) or "").startswith("List")
        or name in FURTHER
    }


def test_every_list_has_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hiervox.processors.semantic.hub.hub_reachable", lambda: False)
    found = lists()
    assert {"doctor", "models", "pretrained list", "systems", "voice list"} <= set(found)
    for name, function in found.items():
        assert "as_json" in inspect.signature(function).parameters, f"{name} lists without --json"
        printed = CliRunner().invoke(app, [*name.split(), *FURTHER.get(name, ()), "--json"])
        assert printed.exit_code in (0, 1), (name, printed.exception)  # 1 of what `doctor` misses
        assert json.loads(printed.output), name


def test_a_terminal_gets_columns_that_fit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tables.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    tables.echo_table([("name", "what it is"), ("one", "word " * 20)])
    header, *rows = capsys.readouterr().out.splitlines()
    assert "what it is" in header and len(rows) > 2 and max(map(len, rows)) <= 40
