"""The command line in this process, for tests of what it prints."""

from __future__ import annotations

from typer.testing import CliRunner

from hiervox.bins.app import app


def run(*arguments: str) -> str:
    """What a command prints that succeeds."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, f"{arguments}: {result.exception!r} {result.output}"
    return result.output


def mistake(*arguments: str) -> str:
    """The message of a command that fails."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code
    return str(result.exception)
