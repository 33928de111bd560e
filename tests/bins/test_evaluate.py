from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from hiervox.bins.evaluate import evaluate
from hiervox.evaluation.run import BLOCK_ROWS
from hiervox.processors.audio import write_audio
from hiervox.utils.errors import AudioError, ConfigError, DataError
from tests.cluster.local import PickledLauncher
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
    assert (tmp_path / "out" / "report.html").stat().st_size > 50_000
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
    table = tmp_path / "absent.csv"
    if error is not DataError:
        write_audio(tmp_path / "a.wav", melody(seconds=0.2), SAMPLE_RATE)
        table.write_text("id,system,audio\n1,x,a.wav\n")
    result = run("--table", table, "--out", out, *arguments)
    assert isinstance(result.exception, error)
    assert message in str(result.exception)
    assert not out.exists()


def test_rows_scored_by_a_launcher_make_the_same_report(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("hiervox.utils.ray_launcher.RayLauncher", PickledLauncher)
    for number in range(BLOCK_ROWS + 1):
        write_audio(tmp_path / f"{number}.wav", melody(seconds=0.2, scale=1 + number / 50), SAMPLE_RATE)
    rows = "".join(f"{number},ours,{number}.wav,0.wav\n" for number in range(BLOCK_ROWS + 1))
    table = tmp_path / "table.csv"
    table.write_text(f"id,system,audio,reference\n{rows}")
    score = ("--table", table, "--metrics", "lsd,si_sdr", "--players", "none", "--device", "cpu", "--out")
    one, other = tmp_path / "one", tmp_path / "ray"
    assert run(*score, one).exit_code == 0
    done = run(*score, other, "--ray", "local")
    assert done.exit_code == 0, done.output
    assert "blocks of 8 rows that were done again, as their processes died" in done.stderr
    names = {path.name for path in one.glob("*.*")}
    assert {"utterances.csv", "summary.json", "report.html"} <= names
    assert all((other / name).read_bytes() == (one / name).read_bytes() for name in names)
    assert not run(*score, other, "--ray", "local").stderr.startswith("blocks")  # all are scored

    (tmp_path / "3.wav").write_bytes(b"no sound")
    failed = run(*score, tmp_path / "bad", "--ray", "local").exception
    assert isinstance(failed, AudioError) and "row 5 (ours, 3)" in str(failed)


def test_two_folders(tmp_path) -> None:
    for folder, scale in (("human", 1.0), ("ours", 1.1)):
        (tmp_path / folder).mkdir()
        write_audio(tmp_path / folder / "a.wav", melody(scale=scale), SAMPLE_RATE)
    folders = ("--reference", tmp_path / "human", "--generated", tmp_path / "ours")
    options = ("--metrics", "f0,mcd", "--set", "mcd.sample_rate=24000", "--players", "none")
    result = run(*folders, "--out", tmp_path / "out", *options)
    assert result.exit_code == 0, result.output
    assert "| ours | 1 | 1.000 |" in result.output  # of one length: frame by frame
    assert "24000 Hz" in result.output


@pytest.mark.parametrize("arguments", [(), ("--table", "t.csv", "--generated", "g"), ("--reference", "r")])
def test_recordings_come_from_a_table_or_from_two_folders(tmp_path, arguments) -> None:
    result = run("--out", tmp_path / "out", *arguments)
    assert isinstance(result.exception, ConfigError)
    assert "--table, or both --reference and --generated" in str(result.exception)


def test_out_is_asked_for() -> None:
    assert "no --out" in str(run("--table", "t.csv").exception)


def test_the_list_says_what_each_metric_measures_its_source_and_its_needs() -> None:
    output = run("--list").output
    assert "mcd\n  mel-cepstral distortion" in output
    assert "source: DNSMOS P.835, arXiv 2110.01763" in output
    assert "needs: reference; packages pystoi" in output
    assert "settings: fad.embedding='whisper'" in output
