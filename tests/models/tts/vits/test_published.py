"""Tests of `hiervox.models.tts.vits.published` on what golden files don't hold: other sizes, wrong files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import read_experiment
from hiervox.models.base.checkpoints.conversion import convert_published
from hiervox.models.tts.vits.config import VitsExperiment
from hiervox.models.tts.vits.network import Vits
from hiervox.models.tts.vits.published import import_vits
from hiervox.utils.errors import CheckpointError
from tests.models.tts.vits.tiny_vits import tiny_vits

PUBLISHED: dict[str, Any] = {
    "train": {"segment_size": 64},
    "data": {"sampling_rate": 16_000, "filter_length": 64, "hop_length": 16, "win_length": 64}
    | {"n_mel_channels": 10, "mel_fmin": 0.0, "mel_fmax": None, "add_blank": True},
    "model": {"inter_channels": 8, "hidden_channels": 8, "filter_channels": 16, "n_heads": 2}
    | {"n_layers": 2, "kernel_size": 3, "p_dropout": 0.1, "resblock": "1", "use_sdp": False}
    | {"resblock_kernel_sizes": [3], "resblock_dilation_sizes": [[1]], "upsample_rates": [4, 4]}
    | {"upsample_initial_channel": 16, "upsample_kernel_sizes": [8, 8]},
}


def _state_dict() -> dict[str, Tensor]:
    """By the published names: those of a table of speakers with the published depths."""
    sizes = {"posterior": {"n_layers": 16}, "flow": {"n_layers": 4, "n_couplings": 4}}
    own = tiny_vits("table", **sizes, duration={"kind": "deterministic", "filter_channels": 256})
    back = {
        "speaker_table.": "emb_g.",
        "text_encoder.embedding.": "enc_p.emb.",
        "text_encoder.transformer.": "enc_p.encoder.",
        "text_encoder.projection.": "enc_p.proj.",
        "posterior_encoder.input.": "enc_q.pre.",
        "posterior_encoder.stack.": "enc_q.enc.",
        "posterior_encoder.projection.": "enc_q.proj.",
        "decoder.backbone.input.": "dec.conv_pre.",
        "decoder.backbone.condition.": "dec.cond.",
        "decoder.output.": "dec.conv_post.",
        **{f"flow.couplings.{i}.": f"flow.flows.{2 * i}." for i in range(4)},
        **{f"decoder.backbone.stages.{i}.up.": f"dec.ups.{i}." for i in range(2)},
        **{f"decoder.backbone.stages.{i}.blocks.blocks.0.": f"dec.resblocks.{i}." for i in range(2)},
        **{f"duration_predictor.convs.{i}.": f"dp.conv_{i + 1}." for i in range(2)},
        **{f"duration_predictor.norms.{i}.": f"dp.norm_{i + 1}." for i in range(2)},
        "duration_predictor.projection.": "dp.proj.",
        "duration_predictor.style_projection.": "dp.cond.",
    }
    within = {
        ".input.": ".pre.",
        ".stack.": ".enc.",
        ".shift.": ".post.",
        "dilated.": "in_layers.",
        "residual_skip.": "res_skip_layers.",
        ".condition.": ".cond_layer.",
        "dilated_convs.": "convs1.",
        "plain_convs.": "convs2.",
        ".query.": ".conv_q.",
        ".key.": ".conv_k.",
        ".value.": ".conv_v.",
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
    named = {}
    for name, tensor in own.state_dict().items():
        for ours, theirs in back.items():
            if name.startswith(ours):
                name = theirs + name.removeprefix(ours)
                break
        for ours, theirs in within.items():
            name = name.replace(ours, theirs)
        named[name.replace(".output.", ".conv_o.")] = tensor
    return named


def test_rate_and_sizes_come_from_the_published_config(tmp_path: Path) -> None:
    torch.save({"model": _state_dict(), "iteration": 7}, tmp_path / "G.pth")
    (tmp_path / "config.json").write_text(json.dumps(PUBLISHED))
    out = tmp_path / "converted"
    weights = convert_published("vits", "vits", tmp_path / "G.pth", tmp_path / "config.json", out)
    experiment = read_experiment(out)
    assert isinstance(experiment, VitsExperiment)
    assert (experiment.mel.sample_rate, experiment.mel.f_max) == (16_000, 8000.0)
    assert experiment.model.speakers == ("0", "1") == experiment.features.speaker.names
    assert experiment.model.segment_frames == 4
    assert weights == sum(parameter.numel() for parameter in Vits(experiment.model).parameters())


@pytest.mark.parametrize("wrong", [{}, {"model": PUBLISHED["model"]}, {**PUBLISHED, "model": None}])
def test_a_config_of_something_else_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(CheckpointError):
        import_vits(_state_dict(), wrong)
