"""The box recipe's recogniser, of the packages that hold it in two parts."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from hiervox.evaluation.recognizer import Recognizer
from tests.conftest import REPOSITORY


def test_a_folder_that_the_recogniser_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(REPOSITORY / "egs" / "tts" / "hierspeechpp" / "box" / "local"))
    module = importlib.import_module("whisper_base")
    module.make_folder(tmp_path / "base")
    recognizer = Recognizer(str(tmp_path / "base"))
    recognizer.prepare()
    assert "de" in recognizer.network.supported_languages
    written = recognizer.weights().stat().st_mtime_ns
    module.make_folder(tmp_path / "base")
    assert recognizer.weights().stat().st_mtime_ns == written
