"""The site of the documentation builds without a warning: links, anchors, references and its index."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY


def test_the_site_builds_strictly(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    pytest.importorskip("mkdocstrings")
    if not (REPOSITORY / ".venv" / "tree").is_dir():
        pytest.skip("the package as a folder is made by `make`")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stderr
    reference = tmp_path / "site" / "reference"
    assert "hiervox tts" in (reference / "commands" / "index.html").read_text(encoding="utf-8")
    assert "SpeechPipeline" in (reference / "python" / "index.html").read_text(encoding="utf-8")
