"""Follows docs/guides/adding_a_system.md: its files, its entry point, its commands."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from hiervox.bins.app import app
from tests.conftest import REPOSITORY
from tests.docs.pages import FILE, commands_of, write_corpus, write_files
from tests.plugins import on_path, pip_install

PAGE = REPOSITORY / "docs" / "guides" / "adding_a_system.md"


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """The page's files and commands in a folder; what each command printed, by the command."""
    folder = tmp_path_factory.mktemp("page")
    page = PAGE.read_text(encoding="utf-8")
    write_files(page, folder)
    site = tmp_path_factory.mktemp("site")
    pip_install(folder, site)
    write_corpus(folder)
    with on_path(site), pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder, {line: run(line) for line in commands_of(page)}


def run(line: str) -> str:
    """What a command of the page prints."""
    program, *arguments = shlex.split(line)
    if program != "hiervox":
        return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, f"{line}: {result.exception!r} {result.output}"
    return result.output


def test_the_systems_are_found(followed: tuple[Path, dict[str, str]]) -> None:
    _, printed = followed
    assert re.search(r"^linear_vocoder +vocoder +generator", printed["hiervox systems"], re.MULTILINE)
    assert re.search(r"^uniform_tts +tts +acoustic", printed["hiervox systems"], re.MULTILINE)
    shown = printed["hiervox systems show uniform_tts"]
    assert re.search(r"^control: +speed=1.0 \(>= 0.5 <= 2\)  over 1 is faster$", shown, re.MULTILINE)
    assert re.search(r"^uses: +a network for vocoder$", shown, re.MULTILINE)


def test_both_are_trained(followed: tuple[Path, dict[str, str]]) -> None:
    folder, _ = followed
    for run in ("linear_vocoder", "uniform_tts"):
        rows = [
            json.loads(line) for line in (folder / "exp" / run / "metrics.jsonl").read_text().splitlines()
        ]
        assert rows[0]["step"] == 1
        assert rows[0]["mel"] > 0


def test_the_vocoder_is_used(followed: tuple[Path, dict[str, str]]) -> None:
    folder, _ = followed
    wav, rate = soundfile.read(folder / "vocoded.wav")
    assert (rate, len(wav)) == (16_000, 16_000)
    assert np.std(wav) > 1e-3


def test_the_text_is_spoken(followed: tuple[Path, dict[str, str]]) -> None:
    folder, _ = followed
    wav, rate = soundfile.read(folder / "hello.wav")
    record = json.loads((folder / "hello.wav.json").read_text())
    assert (record["system"], record["voices"]) == ("uniform_tts", {"only": 1.0})
    assert record["controls"]["speed"] == 1.5
    assert [sentence["text"] for sentence in record["sentences"]] == ["Hello there.", "Goodbye!"]
    phonemes = sum(len(sentence["phonemes"]) for sentence in record["sentences"])
    assert len(wav) / rate == pytest.approx(phonemes * 3 * 0.02 + 0.4, abs=0.15)


def test_the_page_counts_its_lines() -> None:
    page = PAGE.read_text(encoding="utf-8")
    files = dict(FILE.findall(page))
    for system in ("linear_vocoder", "uniform_tts"):
        sources = [text for name, text in files.items() if name.startswith(f"{system}/")]
        lines = sum(bool(line.strip()) for text in sources for line in text.splitlines())
        assert re.search(rf"\b{lines}\b", page.split("## 1.")[0]), (system, lines)
