"""The commands of the page on codecs run as they are written, on tiny models."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import soundfile
from typer.testing import CliRunner

from hiervox.bins.app import app
from tests.conftest import REPOSITORY
from tests.docs.test_commands import BLOCK
from tests.models.codec.facodec.tiny_facodec import write_facodec
from tests.models.tts.hierspeechpp.tiny_bundle import voice

PAGE = REPOSITORY / "docs" / "guides" / "codec.md"
FOLDER = "exp/facodec"


def test_commands_of_facodec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_facodec(Path(FOLDER))
    for name, f0 in (("me", 110), ("voice", 200)):
        soundfile.write(f"{name}.wav", voice(0.6, f0), 16_000)
    lines = [line for block in BLOCK.findall(PAGE.read_text(encoding="utf-8")) for line in block.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("hiervox ") and FOLDER in line]
    assert len(commands) == 6
    for command in commands:
        result = CliRunner().invoke(app, [*command, "--device", "cpu"])
        assert result.exit_code == 0, f"{command}: {result.exception!r} {result.output}"
        assert Path(command[command.index("-o") + 1]).stat().st_size > 0
