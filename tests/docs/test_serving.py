"""The commands of the page on serving, with a server that is a process of its own."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import soundfile

from tests.conftest import REPOSITORY
from tests.docs.test_commands import BLOCK
from tests.docs.test_speaking_pages import PYTHON

PAGE = (REPOSITORY / "docs" / "guides" / "serving.md").read_text(encoding="utf-8")
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "http://127.0.0.1:8880"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The page's first command as a process, and where it listens."""
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    command = shlex.split(BLOCK.findall(PAGE)[0])[1:]
    process = subprocess.Popen(
        [sys.executable, "-m", "hiervox", *command, "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip().removesuffix("/v1")
        while httpx.get(f"{address}/ready", timeout=60).status_code != 200:
            time.sleep(0.1)
        yield process, address
    finally:
        process.kill()
        process.wait()


def test_commands(server: tuple[subprocess.Popen[str], str], tmp_path: Path) -> None:
    for code in PYTHON.findall(PAGE):
        exec(compile(code.replace(ADDRESS, server[1]), "serving.md", "exec"), {})
    assert soundfile.info("hello.wav").duration > 0.3
    if shutil.which("curl") is None:
        pytest.skip("curl is not here")
    for block in SHELL.findall(PAGE):
        subprocess.run(["sh", "-euc", block.replace(ADDRESS, server[1])], check=True)
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
        time.sleep(0.5)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{address}/health")
        assert begun + b"".join(parts) == whole
    assert process.wait(30) == 128 + signal.SIGTERM
