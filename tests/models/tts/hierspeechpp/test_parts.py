from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from hiervox.models.tts.hierspeechpp.parts import Networks
from hiervox.utils.errors import CheckpointError, ConfigError
from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle


@pytest.fixture
def bundle(tmp_path) -> Path:
    return write_tiny_bundle(tmp_path / "bundle")


def test_nothing_is_loaded_before_it_is_needed(bundle) -> None:
    networks = Networks.load(bundle)
    networks.require(text=True, rate=48000)
    assert not {"synthesizer", "text_to_vec", "semantic_extractor"} & set(vars(networks))
    assert networks.synthesizer is networks.synthesizer
    assert networks.upsampler(24000) is networks.upsampler(24000)


def test_what_a_bundle_lacks_is_told(bundle) -> None:
    shutil.rmtree(bundle / "speechsr24")
    networks = Networks.load(bundle)
    with pytest.raises(CheckpointError, match="no folder speechsr24"):
        networks.require(text=False, rate=24000)
    with pytest.raises(CheckpointError, match="no folder mp_senet"):
        networks.require(text=False, rate=16000, denoiser=True)
    with pytest.raises(ConfigError, match="no rate 44100: choose one of 16000, 24000, 48000"):
        networks.require(text=False, rate=44100)


def test_the_fingerprint_is_that_of_the_style_encoders(bundle) -> None:
    before = Networks.load(bundle).fingerprint

    def change(part: str, prefix: str) -> str:
        file = bundle / part / "model.safetensors"
        tensors = load_file(file)
        name = next(name for name in tensors if name.startswith(prefix))
        save_file({**tensors, name: tensors[name] + 1}, file)
        return Networks.load(bundle).fingerprint

    assert change("synthesizer", "generator.") == before  # a generator trained further keeps its voices
    after = change("synthesizer", "style_encoder.")
    assert after != before
    assert change("text_to_vec", "style_encoder.") not in (before, after)


def test_the_first_language_of_a_model_is_its_default(bundle) -> None:
    file = bundle / "text_to_vec" / "config.json"
    tree = json.loads(file.read_text())
    file.write_text(json.dumps({**tree, "text": {**tree.get("text", {}), "languages": ["de", "en-us"]}}))
    networks = Networks.load(bundle)
    assert networks.frontend().language == "de" and networks.frontend("en-us").language == "en-us"
    with pytest.raises(ConfigError, match="fr"):
        networks.frontend("fr")
