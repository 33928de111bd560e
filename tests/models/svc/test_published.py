"""Importers of Amphion's checkpoints on what golden files don't hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.checkpoints.conversion import convert_published
from hiervox.models.svc.transformer_svc.network import TransformerSVC
from hiervox.models.svc.transformer_svc.published import import_transformer_svc
from hiervox.utils.errors import CheckpointError


def _condition(singers: int = 2, width: int = 8) -> dict[str, Tensor]:
    """The published condition encoder's weights."""
    shapes = {
        "contentvec_encoder.nn.weight": (width, 5),
        "contentvec_encoder.nn.bias": (width,),
        "melody_encoder.nn.weight": (256, width),
        "melody_encoder.uv_embedding.weight": (2, width),
        "loudness_encoder.nn.weight": (256, width),
        "loudness_encoder.energy_bins": (255,),
        "singer_encoder.nn.weight": (singers, width),
    }
    return {f"0.{name}": torch.rand(shape) for name, shape in shapes.items()}


def _plain(width: int = 8, mels: int = 100) -> dict[str, Tensor]:
    layer = torch.nn.TransformerEncoderLayer(width, 2, 16, batch_first=True)
    layers = {f"1.transformer_encoder.layers.0.{name}": tensor for name, tensor in layer.state_dict().items()}
    output = {"1.output_mlp.weight": torch.randn(mels, width), "1.output_mlp.bias": torch.randn(mels)}
    return {**layers, **output, "1.pos_encoder.pe": torch.zeros(5000, 1, width)}


def test_a_checkpoint_becomes_ours_with_its_singers_and_extremes(tmp_path: Path) -> None:
    published = {**_condition(), **_plain()}
    torch.save(published, tmp_path / "pytorch_model.bin")
    sections = {
        "model": {"transformer": {"n_layers": 1, "n_heads": 2}},
        "singers": {"vocalist_l1": 1, "svcc_IDF1": 0},
        "mel_min": [-11.0] * 100,
        "mel_max": [1.0] * 100,
    }
    (tmp_path / "args.json").write_text(json.dumps(sections))
    files = tmp_path / "pytorch_model.bin", tmp_path / "args.json"
    convert_published("transformer_svc", "transformer_svc", *files, tmp_path / "converted")
    network, experiment = load_network(tmp_path / "converted")
    assert isinstance(network, TransformerSVC) and network.sizes.transformer.kind == "plain"
    assert experiment.model.speakers == ("svcc_IDF1", "vocalist_l1")  # type: ignore[attr-defined]
    assert float(network.restore(torch.ones(1, 100, 1)).mean()) == 1.0
    torch.testing.assert_close(
        network.mapper.layers.layers[0].linear1.weight,
        published["1.transformer_encoder.layers.0.linear1.weight"],
    )  # type: ignore[union-attr, index]
    assert len(experiment.features.content) == 1  # type: ignore[attr-defined]


def test_other_weights_are_refused() -> None:
    config = {"model": {"transformer": {"n_layers": 1, "n_heads": 2}}}
    weights = {**_condition(), **_plain()}
    with pytest.raises(CheckpointError, match="surplus mystery"):
        import_transformer_svc({**weights, "mystery": torch.zeros(1)}, config)
    with pytest.raises(CheckpointError, match="lack 'model'"):
        import_transformer_svc(weights, {})
    with pytest.raises(CheckpointError, match=r"lack '0\.singer_encoder\.nn\.weight'"):
        import_transformer_svc(_plain(), config)
