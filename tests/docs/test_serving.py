"""The commands of the page on serving, with a server that is a process of its own."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import soundfile

from tests.conftest import REPOSITORY
from tests.docs.test_commands import BLOCK
from tests.docs.test_speaking_pages import PYTHON

PAGE = (REPOSITORY / "docs" / "guides" / "serving.md").read_text(encoding="utf-8")
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "//127.0.0.1:8880"


def replaced(code: str, address: str) -> str:
    return code.replace(ADDRESS, address.removeprefix("http:"))


@contextmanager
def serving(*command: str, python: str = sys.executable) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A command as a process, and where it listens."""
    whole = [python, "-m", "hiervox", *command, "--port", "0"]
    process = subprocess.Popen(whole, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip().removesuffix("/v1")
        while httpx.get(f"{address}/ready", timeout=300).status_code != 200:
            time.sleep(0.1)
        yield process, address
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def server(
    warm_python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    command = shlex.split(BLOCK.findall(PAGE)[0])[1:]
    with serving(*command, python=str(warm_python / "python")) as started:
        yield started


def test_commands(server: tuple[subprocess.Popen[str], str], tmp_path: Path) -> None:
    for code in PYTHON.findall(PAGE):
        exec(compile(replaced(code, server[1]), "serving.md", "exec"), made := {})
    assert len(made["pcm"]) > 16_000
    assert soundfile.info("hello.wav").duration > 0.3
    if shutil.which("curl") is None:
        pytest.skip("curl is not here")
    for block in SHELL.findall(PAGE):
        subprocess.run(["sh", "-euc", replaced(block, server[1])], check=True)
    assert soundfile.info("hello.mp3").duration > 0.3
    assert soundfile.info("wide.wav").samplerate == 48_000


def test_what_was_begun_is_finished(server: tuple[subprocess.Popen[str], str]) -> None:
    process, address = server
    body = {"model": "tts-1", "input": "One sentence. Another one. " * 5, "response_format": "pcm"}
    whole = httpx.post(f"{address}/v1/audio/speech", json=body, timeout=120).content
    with httpx.stream("POST", f"{address}/v1/audio/speech", json=body, timeout=120) as answer:
        parts = answer.iter_raw()
        begun = next(parts)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(httpx.TransportError):  # it listens no more
            for _ in range(300):
                httpx.get(f"{address}/health", timeout=60)
                time.sleep(0.1)
        assert begun + b"".join(parts) == whole
    assert process.wait(120) == 128 + signal.SIGTERM


def test_processes_serve_together_and_end_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    body = {"model": "tts-1", "input": "One sentence. Another one.", "response_format": "pcm"}
    with serving("serve", "--model", "box", "--workers", "2", "--device", "cpu") as (process, address):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        if not children.is_file():
            pytest.skip("needs Linux")
        sounds = {httpx.post(f"{address}/v1/audio/speech", json=body, timeout=120).content for _ in range(6)}
        assert len(sounds) == 1
        told = httpx.get(f"{address}/metrics").text
        assert 'hiervox_requests_total{status="200"} 6.0' in told and "hiervox_in_flight 0.0" in told
        with httpx.stream("POST", f"{address}/v1/audio/speech", json=body, timeout=120) as answer:
            parts = answer.iter_raw()
            begun = next(parts)
            process.send_signal(signal.SIGTERM)
            assert {begun + b"".join(parts)} == sounds
        assert process.wait(120) == 128 + signal.SIGTERM


def test_a_process_that_ends_ends_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    with serving("serve", "--model", "box", "--workers", "2", "--device", "cpu") as (process, _):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        if not children.is_file():
            pytest.skip("needs Linux")
        os.kill(max(map(int, children.read_text().split())), signal.SIGKILL)
        assert process.wait(120) == 2


def test_the_page_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gradio")
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    page = (REPOSITORY / "docs" / "guides" / "web.md").read_text(encoding="utf-8")
    for line in BLOCK.findall(page)[0].splitlines():
        with serving(*shlex.split(line)[1:]) as (_, address):
            assert "HierVox" in httpx.get(address).text
            assert httpx.get(f"{address}/v1/models").json()["data"][0]["id"] == "box"
