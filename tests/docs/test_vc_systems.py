"""The commands of the page on conversion systems run as they are written, on tiny models."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import soundfile
from typer.testing import CliRunner

from hiervox.bins.app import app
from hiervox.models.vc._diffusion import pipeline
from tests.conftest import REPOSITORY
from tests.docs.test_commands import BLOCK
from tests.models.tts.hierspeechpp.tiny_bundle import voice
from tests.models.vc.dddm_vc.tiny_dddm import write_bundle
from tests.models.vc.diff_hiervc.tiny_diff_hiervc import write_checkpoint
from tests.models.vc.hiervst.tiny_hiervst import write_hiervst
from tests.models.vc.tiny import tiny_content

PAGE = REPOSITORY / "docs" / "guides" / "vc_systems.md"


def test_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pipeline, "build_semantic_extractor", tiny_content)
    write_bundle(Path("exp/dddm_vc"))
    write_checkpoint(Path("exp/diff_hiervc"))
    write_hiervst(Path("exp/hiervst"))
    for name, f0 in (("me", 110), ("voice", 200)):
        soundfile.write(f"{name}.wav", voice(1.0, f0), 16_000)
    lines = [line for block in BLOCK.findall(PAGE.read_text(encoding="utf-8")) for line in block.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("hiervox ")]
    assert {command[command.index("--model") + 1] for command in commands} == {
        "exp/dddm_vc",
        "exp/diff_hiervc",
        "exp/hiervst",
    }
    for command in commands:
        result = CliRunner().invoke(app, [*command, "--device", "cpu"])
        assert result.exit_code == 0, f"{command}: {result.exception!r} {result.output}"
        assert soundfile.info(command[command.index("-o") + 1]).frames > 0
