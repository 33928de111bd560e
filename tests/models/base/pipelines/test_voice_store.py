from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from hiervox.models.base.pipelines.pitch_transfer import PitchStatistics
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.base.pipelines.voice_store import (
    load_voice,
    read_record,
    remove_voice,
    save_voice,
    voice_names,
    voice_path,
)
from hiervox.utils.errors import CheckpointError, ConfigError

STYLES = {"text": torch.randn(8, 1), "sound": torch.randn(6, 1)}
ANNA = Voice(STYLES, "model-a", 0.7, PitchStatistics(200.5, 30.25))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_what_is_saved_is_loaded(home) -> None:
    path = save_voice("anna", ANNA, made_of={"prompts": {"anna.wav": 1.0}})
    assert path == home / "voices" / "anna.safetensors"
    assert [file.name for file in path.parent.iterdir()] == ["anna.safetensors"]
    found = load_voice("anna", "model-a")
    torch.testing.assert_close(dict(found.tensors), STYLES, rtol=0, atol=0)
    assert (found.pitch, found.peak, found.model) == (ANNA.pitch, ANNA.peak, ANNA.model)
    assert read_record(path).made_of == {"prompts": {"anna.wav": 1.0}}


def test_a_voice_without_text_and_pitch() -> None:
    save_voice("breath", Voice({"speaker": torch.tensor(3)}, "model-a"))
    found = load_voice("breath")
    assert found.tensors["speaker"] == 3
    assert found.pitch is None


def test_names_and_removal() -> None:
    assert voice_names() == []
    for name in ("b", "a-1"):
        save_voice(name, ANNA)
    assert voice_names() == ["a-1", "b"]
    remove_voice("b")
    assert voice_names() == ["a-1"]
    with pytest.raises(ConfigError, match="no voice 'b': saved are: a-1"):
        remove_voice("b")


def test_nothing_is_replaced_unasked() -> None:
    save_voice("anna", ANNA)
    with pytest.raises(ConfigError, match="there is a voice 'anna'"):
        save_voice("anna", ANNA)
    save_voice("anna", Voice({}, "model-b"), overwrite=True)
    assert load_voice("anna").model == "model-b"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", "/etc/x", "a.b", "a b", "-a", "x" * 65, "con", "ä", "a\n"]
)
def test_a_name_can_be_no_path(name) -> None:
    with pytest.raises(ConfigError, match="no voice can be called"):
        voice_path(name)


def test_another_models_voice_is_refused() -> None:
    save_voice("anna", ANNA)
    with pytest.raises(ConfigError, match="voice 'anna' was made with another model"):
        load_voice("anna", "model-b")


def test_what_is_no_voice_is_refused(home) -> None:
    path = save_voice("anna", ANNA)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(CheckpointError, match="not a whole safetensors file"):
        load_voice("anna")
    save_file({"synthesizer": torch.zeros(6, 1)}, path)
    with pytest.raises(CheckpointError, match="is not a voice"):
        load_voice("anna")
    save_file({"synthesizer": torch.zeros(6, 1)}, path, {"voice": '{"model": "x", "peak": -1}'})
    with pytest.raises(CheckpointError, match="is not a voice"):
        load_voice("anna")
    save_file({"synthesizer": torch.full((6, 1), torch.nan)}, path, {"voice": '{"model": "x", "peak": 1}'})
    with pytest.raises(CheckpointError, match="not finite"):
        load_voice("anna")
