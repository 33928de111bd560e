"""The commands of the page on singing voice conversion run as they are written, on tiny models."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path

import pytest
import soundfile
from typer.testing import CliRunner

from hiervox.bins.app import app
from hiervox.models.base.pipelines import mel_synthesizer
from hiervox.models.svc._singing import pipeline
from tests.conftest import REPOSITORY
from tests.docs.test_commands import BLOCK
from tests.models.svc.diffcomo_svc.tiny_diffcomo_svc import write_diffcomo_svc
from tests.models.svc.diffwavenet_svc.tiny_diffwavenet_svc import write_diffwavenet_svc
from tests.models.svc.test_pipelines import Buzzer
from tests.models.svc.tiny import tiny_content
from tests.models.svc.transformer_svc.tiny_transformer_svc import write_transformer_svc
from tests.models.svc.vits_svc.tiny_vits_svc import write_vits_svc
from tests.models.tts.hierspeechpp.tiny_bundle import voice

PAGE = REPOSITORY / "docs" / "guides" / "svc.md"
WRITERS = {
    "exp/transformer_svc": write_transformer_svc,
    "exp/diffcomo_svc": write_diffcomo_svc,
    "exp/vits_svc": write_vits_svc,
    "exp/diffwavenet_svc": partial(write_diffwavenet_svc, n_steps=1000),
}


def test_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pipeline, "build_semantic_extractor", tiny_content)
    monkeypatch.setattr(mel_synthesizer, "GriffinLimVocoder", lambda mel: Buzzer())  # random weights are loud
    for folder, write in WRITERS.items():
        write(Path(folder), voice="reference", speakers=())
    for name, f0 in (("song", 220), ("singer", 150), ("vocals", 220), ("band", 110)):
        soundfile.write(f"{name}.wav", voice(1.0, f0), 16_000)
    lines = [line for block in BLOCK.findall(PAGE.read_text(encoding="utf-8")) for line in block.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("hiervox svc ")]
    assert {command[command.index("--model") + 1] for command in commands} == set(WRITERS)
    for command in commands:
        result = CliRunner().invoke(app, [*command, "--device", "cpu"])
        assert result.exit_code == 0, f"{command}: {result.exception!r} {result.output}"
        assert soundfile.info(command[command.index("-o") + 1]).frames > 0
