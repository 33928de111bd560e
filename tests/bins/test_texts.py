"""Where a text goes that no output is named for, subtitles in and out, formats of streams."""

from __future__ import annotations

import itertools
import json
import stat
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hiervox.bins import players
from tests.bins.test_speech import invoke, run
from tests.models.tts.hierspeechpp.tiny_bundle import SAMPLE_RATE, voice, write_tiny_bundle

RECORDED = """#!/bin/sh
cat > "$PLAYED"
exit ${CODE:-0}
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def speak(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[object, ...]:
    monkeypatch.chdir(tmp_path)
    soundfile.write("prompt.wav", voice(1.0), SAMPLE_RATE)
    return "--prompt", "prompt.wav", "--model", bundle


def test_a_text_without_an_output_is_written_where_nothing_plays(
    speak: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hiervox.bins.tts.found_player", lambda: None)
    for name in ("hi-there.wav", "hi-there-2.wav"):
        result = run("tts", "Hi there!", *speak)
        assert result.exit_code == 0, result.output
        assert result.stdout.strip() == name and f"nothing here plays sound: it is in {name}" in result.stderr
        assert soundfile.info(name).duration > 0.1


def test_a_text_without_an_output_is_played(
    speak: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "aplay"
    program.parent.mkdir()
    program.write_text(RECORDED)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    cards = tmp_path / "cards"
    cards.write_text(" 0 [PCH]")
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("PLAYED", str(tmp_path / "played"))
    monkeypatch.setattr(players, "CARDS", cards)
    monkeypatch.setattr(players, "_has_sounddevice", lambda: False)
    assert run("tts", "Hi there!", *speak).exit_code == 0
    assert (tmp_path / "played").read_bytes()[:4] == b"RIFF"
    assert not (tmp_path / "hi-there.wav").exists()
    monkeypatch.setenv("CODE", "1")
    assert "aplay can't play" in str(run("tts", "Hi there!", *speak).exception)
    cards.write_text("--- no soundcards ---")
    assert players.found_player() is None


def test_subtitles_name_the_words_of_the_text(speak: tuple[object, ...]) -> None:
    text = "I paid $20. Then, of the rest, nothing was left."
    for suffix in (".srt", ".vtt", ".json"):
        out = ("--out", "a.wav", "--subtitles", f"a{suffix}", "--overwrite")
        assert run("tts", text, *speak, *out).exit_code == 0
    told = json.loads(Path("a.json").read_text())
    words = [word for sentence in told["sentences"] for word in sentence["words"]]
    assert [text[word["offset"] :][: word["length"]] for word in words[:4]] == ["I", "paid", "$20.", "$20."]
    assert [word["text"] for word in words[2:4]] == ["twenty", "dollars."]
    assert all(a["end"] <= b["start"] + 1e-6 for a, b in itertools.pairwise(words))
    assert "I paid $20." in Path("a.srt").read_text() and Path("a.vtt").read_text().startswith("WEBVTT")


def test_subtitles_are_spoken_at_their_times(speak: tuple[object, ...]) -> None:
    first = "1\n00:00:01,000 --> 00:00:01,100\nHello there, my dear <i>friends</i>.\n"
    cues = f"{first}\n2\n0:03.000 --> 0:04.500\nAgain.\n"
    Path("x.srt").write_text(cues)
    Path("y.srt").write_text(cues.replace("00:00:01,000", "00:00:09,000"))
    assert run("tts", "--text-file", "x.srt", "--out", "x.wav", *speak).exit_code == 0
    wav, rate = soundfile.read("x.wav")
    assert not np.any(wav[: int(0.99 * rate)]) and wav.size >= 4.5 * rate
    record = json.loads(Path("x.wav.json").read_text())
    assert [cue["start"] for cue in record["cues"]] == [1.0, 3.0]
    assert record["cues"][0]["text"] == "Hello there, my dear friends."
    bad = run("tts", "--text-file", "y.srt", "--out", "y.wav", *speak)
    assert "goes back in time" in str(bad.exception) and not Path("y.wav").exists()
    assert "subtitles make one sound file" in str(
        run("tts", "--text-file", "x.srt", "--out", "-", *speak).exception
    )


@pytest.mark.parametrize(
    ("name", "begins"), [("raw", b""), ("mp3", b"ID3"), ("opus", b"OggS"), ("flac", b"fLaC")]
)
def test_streams_have_formats(speak: tuple[object, ...], name: str, begins: bytes) -> None:
    pytest.importorskip("av", reason="needs the extra serve")
    result = run("tts", "Hi there!", *speak, "--out", "-", "--stream-format", name)
    assert result.exit_code == 0 and result.stdout_bytes.startswith(begins) and result.stdout_bytes


def test_lists_are_json_for_programs() -> None:
    assert json.loads(invoke("voice", "list", "--json").output)[0]["model"] == "box"
