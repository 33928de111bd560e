from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import HubertConfig, HubertModel

from hiervox.processors.audio import resample_tensor
from hiervox.processors.semantic import SemanticConfig, build_semantic_extractor
from hiervox.processors.semantic.hubert import ProjectedHubert
from hiervox.utils.errors import ConfigError, DependencyError

LAYERS = 3


def tiny(kind: type[HubertModel]) -> HubertModel:
    """A random network."""
    torch.manual_seed(0)
    config = HubertConfig(
        hidden_size=16,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        intermediate_size=24,
        conv_dim=(8,) * 7,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
        classifier_proj_size=6,
    )
    return kind(config).eval()


def states(network: HubertModel, wav: torch.Tensor) -> tuple[torch.Tensor, ...]:
    with torch.no_grad():
        padded = torch.nn.functional.pad(wav, (40, 40), "reflect")
        return tuple(network(padded, output_hidden_states=True).hidden_states)


@pytest.mark.parametrize("layer", [2, LAYERS])
def test_contentvec_is_a_hidden_state_and_its_projection(layer: int, tmp_path: Path) -> None:
    network = tiny(ProjectedHubert)
    network.save_pretrained(tmp_path)
    wav = torch.randn(2, 320 * 9)
    hidden = states(network, wav)[layer]
    plain = SemanticConfig(family="hubert", name=str(tmp_path), layer=layer)
    features = build_semantic_extractor(plain).extract(wav)
    torch.testing.assert_close(features, hidden.mT, rtol=0, atol=0)
    extractor = build_semantic_extractor(plain.model_copy(update={"projected": True}))
    assert extractor.channels == 6
    with torch.no_grad():
        expected = network.get_submodule("final_proj")(hidden).mT
    torch.testing.assert_close(extractor.extract(wav), expected, rtol=0, atol=0)


def test_a_projection_that_is_not_there_is_not_made_up(tmp_path: Path) -> None:
    tiny(HubertModel).save_pretrained(tmp_path)
    with pytest.raises(DependencyError, match="has no final_proj"):
        build_semantic_extractor(SemanticConfig(family="hubert", name=str(tmp_path), layer=1, projected=True))


@pytest.fixture()
def mert(tmp_path: Path) -> Path:
    """A folder as MERT's, whose config names a class of its own."""
    tiny(HubertModel).save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    own = {
        "model_type": "mert_model",
        "feature_extractor_cqt": False,
        "deepnorm": False,
        "attention_relax": 32.0,
    }
    (tmp_path / "config.json").write_text(json.dumps({**config, **own}))
    return tmp_path


@pytest.mark.parametrize("rows", [8, 9])
def test_mert_hears_24_khz_and_gives_50_vectors_a_second(mert: Path, rows: int) -> None:
    wav = 0.1 + 0.3 * torch.randn(2, 320 * rows)
    extractor = build_semantic_extractor(SemanticConfig(family="mert", name=str(mert), layer=LAYERS))
    features = extractor.extract(wav)
    assert features.shape == (2, 16, rows)
    torch.testing.assert_close(extractor.extract(3 * wav + 0.2), features, rtol=1e-3, atol=1e-3)
    if rows % 2 == 0:
        normal = (wav - wav.mean(1, keepdim=True)) / wav.std(1, unbiased=False, keepdim=True)
        hidden = states(tiny(HubertModel), resample_tensor(normal, 16_000, 24_000))[LAYERS].mT
        assert hidden.shape[-1] == 12
        first = 0.75 * hidden[..., 0] + 0.25 * hidden[..., 1]
        torch.testing.assert_close(features[..., 0], first, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("switch", ["feature_extractor_cqt", "deepnorm"])
def test_a_mert_that_is_no_hubert_is_refused(mert: Path, switch: str) -> None:
    config = json.loads((mert / "config.json").read_text())
    (mert / "config.json").write_text(json.dumps({**config, switch: True}))
    with pytest.raises(ConfigError, match=switch):
        build_semantic_extractor(SemanticConfig(family="mert", name=str(mert), layer=1))


def test_only_a_hubert_is_projected() -> None:
    with pytest.raises(ValueError, match="hubert family alone"):
        SemanticConfig(family="mert", projected=True)
