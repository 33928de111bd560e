"""Tests of `hiervox.models.tts.glow_tts.published` beyond golden files: other sizes, wrong files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.checkpoints.conversion import convert_published
from hiervox.models.tts._flow.network import FlowTextToFrames
from hiervox.models.tts.glow_tts.pipeline import load_pipeline
from hiervox.models.tts.glow_tts.published import import_glow_tts
from hiervox.utils.errors import CheckpointError
from tests.models.tts.glow_tts.tiny_glow_tts import tiny_glow_tts

PUBLISHED: dict[str, Any] = {
    "data": {"sampling_rate": 16_000, "filter_length": 64, "hop_length": 16, "win_length": 64}
    | {"n_mel_channels": 10, "mel_fmin": 0.0, "mel_fmax": 8000.0},
    "model": {"hidden_channels": 8, "filter_channels": 16, "filter_channels_dp": 8, "kernel_size": 3}
    | {"p_dropout": 0.1, "n_blocks_dec": 2, "n_layers_enc": 1, "n_heads": 2, "p_dropout_dec": 0.05}
    | {"dilation_rate": 1, "kernel_size_dec": 5, "n_block_layers": 2, "n_sqz": 2}
    | {"sigmoid_scale": True},
}
SIZES: dict[str, Any] = {
    "text_encoder": {"filter_channels": 16, "n_layers": 1, "prenet_layers": 0, "mean_only": False},
    "flow": {"n_blocks": 2, "hidden_channels": 8, "n_layers": 2, "bounded_scales": True},
    "n_symbols": 20,
}
WITHIN = {
    "speaker_table.": "emb_g.",
    "text_encoder.embedding.": "encoder.emb.",
    "text_encoder.transformer.": "encoder.encoder.",
    "duration_predictor.convs.0.": "encoder.proj_w.conv_1.",
    "duration_predictor.convs.1.": "encoder.proj_w.conv_2.",
    "duration_predictor.norms.0.": "encoder.proj_w.norm_1.",
    "duration_predictor.norms.1.": "encoder.proj_w.norm_2.",
    "duration_predictor.projection.": "encoder.proj_w.proj.",
    "flow.blocks.0.norm.": "decoder.flows.0.",
    "flow.blocks.0.convolution.mixer.matrix": "decoder.flows.1.weight",
    "flow.blocks.0.coupling.network.": "decoder.flows.2.",
    "flow.blocks.1.norm.": "decoder.flows.3.",
    "flow.blocks.1.convolution.mixer.matrix": "decoder.flows.4.weight",
    "flow.blocks.1.coupling.network.": "decoder.flows.5.",
    ".log_scale": ".logs",
    ".offset": ".bias",
    ".input.": ".start.",
    ".wavenet.": ".wn.",
    "2.output.": "2.end.",
    "5.output.": "5.end.",
    ".dilated.": ".in_layers.",
    ".residual_skip.": ".res_skip_layers.",
    ".condition.": ".cond_layer.",
    ".query.": ".conv_q.",
    ".key.": ".conv_k.",
    ".value.": ".conv_v.",
    ".output.": ".conv_o.",
    "attentions.": "attn_layers.",
    "attention_norms.": "norm_layers_1.",
    "feed_forward_norms.": "norm_layers_2.",
    "feed_forwards.": "ffn_layers.",
    ".expand.": ".conv_1.",
    ".contract.": ".conv_2.",
    "relative_keys": "emb_rel_k",
    "relative_values": "emb_rel_v",
    "parametrizations.weight.original0": "weight_g",
    "parametrizations.weight.original1": "weight_v",
}


def _state_dict(network: FlowTextToFrames) -> dict[str, Tensor]:
    """By the published names; the prior's mean and deviation are two projections there."""
    named = {}
    for name, tensor in network.state_dict().items():
        if name.startswith("text_encoder.projection."):
            end = name.removeprefix("text_encoder.projection.")
            named[f"encoder.proj_m.{end}"], named[f"encoder.proj_s.{end}"] = tensor.chunk(2)
            continue
        for ours, theirs in WITHIN.items():
            name = name.replace(ours, theirs)
        named[name] = tensor
    return named


@torch.no_grad()
def test_another_size_becomes_a_checkpoint_that_speaks_from_token_ids(tmp_path: Path) -> None:
    own = tiny_glow_tts("table", blanks=False, **SIZES)
    torch.save({"model": _state_dict(own), "iteration": 7}, tmp_path / "G.pth")
    (tmp_path / "config.json").write_text(json.dumps(PUBLISHED))
    files = tmp_path / "G.pth", tmp_path / "config.json"
    convert_published("glow_tts", "glow_tts", *files, tmp_path / "out")
    network, experiment = load_network(tmp_path / "out")
    assert isinstance(network, FlowTextToFrames)
    assert experiment.mel.sample_rate == 16_000  # type: ignore[attr-defined]
    tokens, lengths = torch.tensor([[3, 7, 19]]), torch.tensor([3])
    style = own.table_style(torch.tensor([1]))
    made = network.infer(tokens, lengths, style, noise_scale=0.0)
    torch.testing.assert_close(made.frames, own.infer(tokens, lengths, style, noise_scale=0.0).frames)
    with pytest.raises(CheckpointError, match="reads 20 symbols"):
        load_pipeline(tmp_path / "out")


@pytest.mark.parametrize("wrong", [{}, {"model": PUBLISHED["model"]}, {**PUBLISHED, "model": None}])
def test_a_config_of_something_else_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(CheckpointError):
        import_glow_tts(_state_dict(tiny_glow_tts(**SIZES)), wrong)
