"""The commands of the Dockerfile, in a folder in place of a container."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle
from tests.test_wheel import CACHES, FILES, SOURCES

LINES = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8").splitlines()
STEP_SECONDS = 300


def lines(instruction: str) -> list[str]:
    return [line.removeprefix(instruction).strip() for line in LINES if line.startswith(f"{instruction} ")]


def test_it_runs_as_a_user() -> None:
    assert lines("USER") == ["hiervox"] and LINES.index("USER hiervox") < LINES.index(
        "RUN python -m venv .venv"
    )


def test_its_commands_install_a_server_that_is_well(tmp_path: Path) -> None:
    pytest.importorskip("av", reason="needs the extra serve")
    home, port = tmp_path / "home", "18880"
    for name in SOURCES:
        shutil.copytree(REPOSITORY / name, home / "tree" / name, ignore=CACHES)
    for name in FILES:
        shutil.copy(REPOSITORY / name, home / "tree" / name)
    environment = {
        **os.environ,
        "PATH": f"{home / '.venv' / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HIERVOX_HOME": str(tmp_path / "models"),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path.endswith("site-packages")),
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's way to say that there is none
    }
    for command in lines("RUN")[1:]:
        subprocess.run(["sh", "-euc", command], cwd=home, env=environment, check=True, timeout=STEP_SECONDS)
    assert not (home / "tree").exists() and (home / ".venv" / "bin" / "hiervox").is_file()
    keys = tmp_path / "keys"
    keys.write_text("secret\n")
    placed = {"0.0.0.0": "127.0.0.1", "8880": port, "/run/secrets/keys": str(keys)}
    model = write_tiny_bundle(tmp_path / "tiny")  # the default voice prepares kernels first, which takes long
    command = [*(placed.get(word, word) for word in json.loads(lines("CMD")[0])), "--model", str(model)]
    check = json.loads(re.sub(r"^.*?CMD ", "", lines("HEALTHCHECK")[0]).replace("8880", port))
    server = subprocess.Popen(command, cwd=home, env=environment)
    try:
        end = time.monotonic() + STEP_SECONDS
        while subprocess.run(check, cwd=home, env=environment, capture_output=True).returncode:
            assert server.poll() is None and time.monotonic() < end
            time.sleep(0.5)
    finally:
        server.terminate()
        server.wait(60)
