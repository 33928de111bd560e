from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from hiervox.bins.evaluate import evaluate
from hiervox.processors.audio import write_audio
from hiervox.utils.errors import ConfigError, DataError
from tests.evaluation.sounds import SAMPLE_RATE, melody

app = typer.Typer()
app.command()(evaluate)


def run(*arguments: object) -> object:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_pitch_of_a_table(tmp_path) -> None:
    pytest.importorskip("librosa")
    write_audio(tmp_path / "a.wav", melody(), SAMPLE_RATE)
    write_audio(tmp_path / "b.wav", melody(scale=1.1), SAMPLE_RATE)
    table = tmp_path / "table.csv"
    table.write_text("id,system,audio,reference\n1,ground_truth,a.wav,a.wav\n1,ours,b.wav,a.wav\n")
    result = run("--table", table, "--out", tmp_path / "out", "--metrics", "f0", "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert "| ground_truth | 1 | 1.000 |" in result.output
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["systems"]["ours"]["figures"]["f0_pearson"]["value"] > 0.95


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("--metrics", "wer,simm"), ConfigError, "no metric 'simm': did you mean 'sim'"),
        (("--metrics", ""), ConfigError, "no metrics"),
        (("--device", "quantum"), ConfigError, "no device"),
        (("--metrics", "f0"), DataError, "no table"),
    ],
)
def test_mistakes_are_told_before_anything_is_written(tmp_path, arguments, error, message) -> None:
    out = tmp_path / "out"
    result = run("--table", tmp_path / "absent.csv", "--out", out, *arguments)
    assert isinstance(result.exception, error)
    assert message in str(result.exception)
    assert not out.exists()
