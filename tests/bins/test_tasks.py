"""The verbs of tasks with toy systems: nothing in them knows a system."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from hiervox.bins.app import app
from hiervox.utils.errors import AudioError, CheckpointError, ConfigError, DataError
from tests.conftest import REPOSITORY
from tests.models.base.pipelines.toys import CARDS, registered, write_toy
from tests.models.tts.hierspeechpp.tiny_bundle import voice
from tests.own import own_systems


@pytest.fixture(autouse=True)
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    soundfile.write("in.wav", voice(0.5), 16_000)
    for task in ("vocoder", "codec", "tta"):
        write_toy(tmp_path / task, task)
    with registered(*CARDS):
        yield


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def done(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, f"{result.exception!r} {result.output}"
    return result.output


def test_vocode_takes_sound_and_spectrograms() -> None:
    done("vocode", "in.wav", "--model", "vocoder", "-o", "again.wav")
    wav, rate = soundfile.read("again.wav")
    assert rate == 16_000
    assert len(wav) == 8_000
    record = json.loads(Path("again.wav.json").read_text())
    assert (record["input"], record["model"], record["rate"]) == ("in.wav", "vocoder", 16_000)
    np.save("mel.npy", np.zeros((80, 7), np.float32))
    done("vocode", "mel.npy", "--model", "vocoder", "-o", "mel.flac")
    assert len(soundfile.read("mel.flac")[0]) == 7 * 320
    np.save("few.npy", np.zeros((79, 7), np.float32))
    assert isinstance(run("vocode", "few.npy", "--model", "vocoder", "-o", "x.wav").exception, AudioError)
    np.save("objects.npy", np.array([{}]), allow_pickle=True)
    assert isinstance(run("vocode", "objects.npy", "--model", "vocoder", "-o", "x.wav").exception, DataError)
    assert isinstance(run("vocode", "in.wav", "--model", "codec", "-o", "x.wav").exception, CheckpointError)
    assert not Path("x.wav").exists()


def test_codec_encodes_and_decodes_at_bandwidths() -> None:
    assert "2 codebooks, 8000 frames, 128 kbit/s" in done(
        "codec", "encode", "in.wav", "-o", "a.codes", "--model", "codec"
    )
    done("codec", "decode", "a.codes", "-o", "a.wav", "--model", "codec")
    assert np.abs(soundfile.read("a.wav")[0] - soundfile.read("in.wav")[0]).max() < 1 / 200
    Path("more.wav").write_bytes(Path("in.wav").read_bytes())
    said = done("codec", "encode", "in.wav", "more.wav", "--out-dir", "codes", "--model", "codec")
    assert "codes/in.codes" in said and Path("codes/more.codes").read_bytes() == Path("a.codes").read_bytes()
    done("codec", "decode", "codes/in.codes", "codes/more.codes", "--out-dir", "again", "--model", "codec")
    assert Path("again/more.wav").read_bytes() == Path("a.wav").read_bytes()
    encode = ("codec", "encode", "in.wav", "--model", "codec", "-o", "b.codes", "--bandwidth")
    assert "1 codebooks" in done(*encode, 100)
    done("codec", "decode", "b.codes", "-o", "b.wav", "--model", "codec")
    low = run(*encode, 1, "--overwrite")
    assert isinstance(low.exception, ConfigError)
    assert "give at least 64 kbit/s" in str(low.exception)


def test_tta_takes_controls() -> None:
    done("tta", "A tone.", "--model", "tta", "-o", "tone.wav", "--seconds", 0.5, "--control", "pitch=880")
    wav, rate = soundfile.read("tone.wav")
    assert (rate, len(wav)) == (8_000, 4_000)
    assert np.abs(np.fft.rfft(wav)).argmax() == 440
    record = json.loads(Path("tone.wav.json").read_text())
    assert (record["caption"], record["controls"]["pitch"]) == ("A tone.", 880.0)
    unknown = run("tta", "A tone.", "--model", "tta", "-o", "x.wav", "--control", "speed=2")
    assert str(unknown.exception) == "toy_tta has no control 'speed': it has pitch"


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg", "opus"])
def test_formats(suffix: str) -> None:
    done("vocode", "in.wav", "--model", "vocoder", "-o", f"x.{suffix}")
    wav, rate = soundfile.read(f"x.{suffix}")
    assert len(wav) / rate == pytest.approx(0.5, abs=0.1)
    assert Path(f"x.{suffix}.json").is_file()


def test_outputs_differ_from_inputs_and_each_other_whatever_the_flags(tmp_path: Path) -> None:
    before = Path("in.wav").read_bytes()
    (tmp_path / "link.wav").symlink_to("in.wav")
    (tmp_path / "hard.wav").hardlink_to("in.wav")
    (tmp_path / "folder").mkdir()
    for name in ("in.wav", "link.wav", "hard.wav", "folder/../in.wav", str(tmp_path / "in.wav")):
        result = run("vocode", "in.wav", "--model", "vocoder", "-o", name, "--overwrite")
        assert isinstance(result.exception, ConfigError), name
        assert "is read as an input" in str(result.exception)
        for verb in ("sr", "enhance", "resynthesize", "f0"):
            result = run(verb, "in.wav", "--out", name, "--overwrite")
            assert isinstance(result.exception, ConfigError), (verb, name)
    for f0_out in ("same.wav", "folder/../same.wav", "same.wav.json", "same.wav.pitch.png"):
        for verb in (("tts", "Hello."), ("vc", "--source", "in.wav")):
            result = run(*verb, "--prompt", "in.wav", "-o", "same.wav", "--f0-out", f0_out, "--overwrite")
            assert "is written twice" in str(result.exception), (verb, f0_out)
    for verb in (("tts", "Hello.", "--prompt", "in.wav"), ("vc", "--source", "in.wav", "--voice", "x")):
        result = run(*verb, "-o", "in.wav", "--overwrite")
        assert "is read as an input" in str(result.exception)
    assert Path("in.wav").read_bytes() == before


def test_systems_and_their_cards() -> None:
    assert re.search(r"^toy_vocoder +vocoder +none +none$", done("systems"), re.MULTILINE)
    shown = done("systems", "show", "toy_tta")
    assert re.search(r"^control: +pitch=440.0 \(>= 20 <= 4000\)  Hz of the tone$", shown, re.MULTILINE)
    assert "0.03 M weights by default" in shown
    assert isinstance(run("systems", "show", "unheard_of").exception, ConfigError)
    assert re.search(
        r"^control: +noise_scale_ttv=0.333", done("systems", "show", "hierspeechpp"), re.MULTILINE
    )


def test_models_and_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    write_toy(tmp_path / "home" / "models" / "mine", "vocoder")
    (tmp_path / "home" / "models" / "bad").mkdir()
    (tmp_path / "home" / "models" / "bad" / "config.json").write_text("{}")
    listed = done("models")
    assert re.search(r"^mine +vocoder +toy_vocoder ", listed, re.MULTILINE)
    assert re.search(r"^bad +broken ", listed, re.MULTILINE)
    assert "hiervox convert --pretrained" in listed
    assert re.fullmatch(r"hiervox \d+\.\d+\.\d+\n", done("--version"))


def test_no_shared_file_names_a_system() -> None:
    names = set(own_systems())
    for folder in ("bins", "models/base"):
        for file in (REPOSITORY / folder).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            found = {name for name in names if re.search(rf"\b{name}\b", text)}
            assert not found, f"{file} names {found}"
