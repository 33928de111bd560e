from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import Wav2Vec2Config, Wav2Vec2ForPreTraining, Wav2Vec2Model

from hiervox.processors.semantic import SemanticConfig, build_semantic_extractor
from hiervox.processors.semantic.wav2vec2 import keep_layers
from hiervox.utils.errors import ConfigError, DependencyError

LAYERS = 3


def tiny_network(stable: bool) -> Wav2Vec2Model:
    """A random network of either kind: norm after each layer (base), or before (the 300M ones)."""
    torch.manual_seed(0)
    config = Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        intermediate_size=24,
        conv_dim=(8,) * 7,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
        do_stable_layer_norm=stable,
        feat_extract_norm="layer" if stable else "group",
    )
    network = Wav2Vec2Model(config).eval()
    for parameter in network.parameters():  # so that no norm is the identity by chance
        parameter.data += 0.05 * torch.randn_like(parameter)
    return network


@pytest.fixture(params=[False, True], ids=["post-norm", "pre-norm"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    tiny_network(request.param).save_pretrained(tmp_path)
    return tmp_path


@pytest.mark.parametrize("layer", range(LAYERS))
def test_equals_the_hidden_state_of_the_whole_network(folder: Path, layer: int) -> None:
    wav = torch.randn(2, 320 * 12)
    whole = Wav2Vec2Model.from_pretrained(folder).eval()
    with torch.no_grad():
        padded = torch.nn.functional.pad(wav, (40, 40), "reflect")
        hidden = whole(padded, output_hidden_states=True).hidden_states[layer]
    extractor = build_semantic_extractor(SemanticConfig(name=str(folder), layer=layer))
    features = extractor.extract(wav)
    assert extractor.channels == 16
    assert features.shape == (2, 16, 12)
    assert not features.requires_grad
    torch.testing.assert_close(features, hidden.transpose(1, 2), rtol=0, atol=0)


def test_the_last_layer_is_the_output_with_its_norm(folder: Path) -> None:
    wav = torch.randn(1, 3200)
    whole = Wav2Vec2Model.from_pretrained(folder).eval()
    with torch.no_grad():
        output = whole(torch.nn.functional.pad(wav, (40, 40), "reflect")).last_hidden_state
    features = build_semantic_extractor(SemanticConfig(name=str(folder), layer=LAYERS)).extract(wav)
    torch.testing.assert_close(features, output.transpose(1, 2), rtol=0, atol=0)


@pytest.mark.parametrize("frames", [1, 2, 4, 25])
def test_one_frame_for_each_hop(folder: Path, frames: int) -> None:
    extractor = build_semantic_extractor(SemanticConfig(name=str(folder), layer=1))
    assert extractor.extract(torch.randn(1, 320 * frames)).shape == (1, 16, frames)


def test_reads_half_precision_checkpoints_of_pretraining(tmp_path: Path) -> None:
    """The published ones hold the quantiser too, and their names begin with `wav2vec2.`."""
    network = tiny_network(stable=True)
    pretraining = Wav2Vec2ForPreTraining(network.config)
    pretraining.wav2vec2.load_state_dict(network.state_dict())
    pretraining.half().save_pretrained(tmp_path)
    config = SemanticConfig(name=str(tmp_path), layer=2)
    features = build_semantic_extractor(config).extract(torch.randn(1, 640))
    assert features.dtype == torch.float32
    assert features.shape == (1, 16, 2)


def test_layers_above_are_not_kept() -> None:
    network = keep_layers(tiny_network(stable=True), 1)
    assert len(network.encoder.layers) == 1


def test_a_layer_too_high() -> None:
    with pytest.raises(ConfigError, match="layer 7 of a network of 3 layers"):
        keep_layers(tiny_network(stable=True), 7)


@pytest.mark.parametrize("shape", [(320,), (1, 0), (1, 321), (1, 1, 320)])
def test_other_shapes_are_refused(folder: Path, shape: tuple[int, ...]) -> None:
    extractor = build_semantic_extractor(SemanticConfig(name=str(folder), layer=1))
    with pytest.raises(ValueError, match="multiple of 320"):
        extractor.extract(torch.zeros(shape))


def test_without_a_hub_the_mend_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("hiervox.processors.semantic.hub.hub_reachable", lambda: False)
    with pytest.raises(DependencyError, match="name a local folder, or use family whisper"):
        build_semantic_extractor(SemanticConfig(name="nobody/none-such"))


def test_a_folder_that_holds_no_network(tmp_path: Path) -> None:
    with pytest.raises(DependencyError, match="transformers' layout"):
        build_semantic_extractor(SemanticConfig(name=str(tmp_path)))
