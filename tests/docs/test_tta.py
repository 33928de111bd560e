"""The commands of the page on text to audio run as they are written, on tiny models."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hiervox.bins.app import app
from tests.conftest import REPOSITORY
from tests.docs.test_commands import BLOCK
from tests.models.tta.tiny import PICO, write_audioldm, write_picoaudio

PAGE = REPOSITORY / "docs" / "guides" / "tta.md"


def test_commands_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_audioldm(Path("exp/audioldm"))
    write_picoaudio(Path("exp/picoaudio"), events=(*PICO["events"], "siren"))
    lines = [line for block in BLOCK.findall(PAGE.read_text(encoding="utf-8")) for line in block.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("hiervox tta ")]
    assert len(commands) == 4
    for command in commands:
        steps = [] if any("steps=" in word for word in command) else ["--control", "steps=2"]
        result = CliRunner().invoke(app, [*command, *steps, "--device", "cpu"])
        assert result.exit_code == 0, f"{command}: {result.exception!r} {result.output}"
        assert Path(command[command.index("-o") + 1]).stat().st_size > 0
