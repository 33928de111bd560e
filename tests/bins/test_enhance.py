"""`hiervox enhance` with random weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer
from typer.testing import CliRunner, Result

from hiervox.bins.enhance import enhance
from hiervox.utils.errors import AudioError, CheckpointError, ConfigError
from tests.models.enhancement.mp_senet.tiny_mp_senet import write_tiny_mp_senet

RATE = 22_050


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    write_tiny_mp_senet(tmp_path / "bundle" / "mp_senet")
    return tmp_path / "bundle"


@pytest.fixture
def noisy(tmp_path: Path) -> Path:
    wav = np.random.default_rng(0).normal(0, 0.1, RATE // 2)
    soundfile.write(tmp_path / "noisy.wav", wav, RATE)
    return tmp_path / "noisy.wav"


def run(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(enhance)
    return CliRunner().invoke(app, [str(argument) for argument in (*arguments, "--device", "cpu")])


def test_writes_sound_and_record(bundle: Path, noisy: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "clean.wav"
    result = run(noisy, "--out", out, "--model", bundle)
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(out)
    wav, rate = soundfile.read(out)
    record = json.loads(out.with_name(out.name + ".json").read_text())
    assert rate == record["rate"] == 16_000 and len(wav) == 8_000
    assert (record["input"], record["model"]) == (str(noisy), str(bundle))


def test_what_would_clip_is_made_quieter(bundle: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(
        "hiervox.models.enhancement.mp_senet.pipeline.MPSENetPipeline.enhance_stream",
        lambda self, recording: iter([np.float32(1.5) * soundfile.read(recording, dtype="float32")[0]]),
    )
    soundfile.write(tmp_path / "loud.wav", np.sin(np.arange(16_000)), 16_000)
    out = tmp_path / "clean.wav"
    assert run(tmp_path / "loud.wav", "--out", out, "--model", bundle).exit_code == 0
    assert np.abs(soundfile.read(out)[0]).max() == pytest.approx(0.999, abs=1e-3)


def test_existing_files_stay_without_overwrite(bundle: Path, noisy: Path, tmp_path: Path) -> None:
    out = tmp_path / "clean.wav"
    out.write_text("mine")
    result = run(noisy, "--out", out, "--model", bundle)
    assert isinstance(result.exception, ConfigError) and out.read_text() == "mine"
    assert run(noisy, "--out", out, "--model", bundle, "--overwrite").exit_code == 0
    assert out.read_bytes()[:4] == b"RIFF"


def test_mistakes_are_told_and_write_nothing(bundle: Path, noisy: Path, tmp_path: Path) -> None:
    out = tmp_path / "clean.wav"
    (tmp_path / "empty").mkdir()
    soundfile.write(tmp_path / "silent.wav", np.zeros(8_000), 16_000)
    cases = [
        ((noisy, "--model", tmp_path / "empty"), CheckpointError, "no network for enhancement"),
        ((noisy, "--model", "absent"), ConfigError, "no model 'absent'"),
        ((tmp_path / "absent.wav", "--model", bundle), AudioError, "no audio file"),
        ((tmp_path / "silent.wav", "--model", bundle), AudioError, "silent"),
    ]
    for arguments, error, message in cases:
        result = run(*arguments, "--out", out)
        assert isinstance(result.exception, error), result.output
        assert message in str(result.exception)
        assert not out.exists() and not out.with_name(out.name + ".json").exists()
    assert isinstance(run(noisy, "--out", "clean.mp4", "--model", bundle).exception, ConfigError)
