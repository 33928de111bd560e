"""Tests of `hiervox.models.tts.fastspeech2.published` on what golden files don't hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.checkpoints.conversion import convert_published
from hiervox.models.base.checkpoints.importing import rename
from hiervox.models.tts.fastspeech2.config import FastSpeech2Experiment
from hiervox.models.tts.fastspeech2.published import import_fastspeech2
from hiervox.utils.errors import CheckpointError
from tests.models.tts.fastspeech2.tiny_fastspeech2 import tiny_fastspeech2

BACK = (
    (r"^embedding\.", "encoder.src_word_emb."),
    (r"^speaker_table\.", "speaker_emb."),
    (r"^projection\.", "mel_linear."),
    (r"(norms\.\d+)\.gamma$", r"\1.weight"),
    (r"(norms\.\d+)\.beta$", r"\1.bias"),
    (r"\.blocks\.attention_norms\.(\d+)\.", r".layer_stack.\1.slf_attn.layer_norm."),
    (r"\.blocks\.feed_forward_norms\.(\d+)\.", r".layer_stack.\1.pos_ffn.layer_norm."),
    (r"\.blocks\.attentions\.(\d+)\.", r".layer_stack.\1.slf_attn."),
    (r"\.blocks\.feed_forwards\.(\d+)\.", r".layer_stack.\1.pos_ffn."),
    (r"\.query\.", ".w_qs."),
    (r"\.key\.", ".w_ks."),
    (r"\.value\.", ".w_vs."),
    (r"slf_attn\.output\.", "slf_attn.fc."),
    (r"\.expand\.", ".w_1."),
    (r"\.contract\.", ".w_2."),
    (r"\.convs\.0\.", ".conv_layer.conv1d_1.conv."),
    (r"\.convs\.1\.", ".conv_layer.conv1d_2.conv."),
    (r"\.norms\.0\.", ".conv_layer.layer_norm_1."),
    (r"\.norms\.1\.", ".conv_layer.layer_norm_2."),
    (r"predictor\.projection\.", "predictor.linear_layer."),
    (r"^adaptor\.(pitch|energy)\.predictor\.", r"variance_adaptor.\1_predictor."),
    (r"^adaptor\.(pitch|energy)\.embedding\.", r"variance_adaptor.\1_embedding."),
    (r"^adaptor\.(pitch|energy)\.edges$", r"variance_adaptor.\1_bins"),
    (r"^adaptor\.duration_predictor\.", "variance_adaptor.duration_predictor."),
)


def _published() -> dict[str, Tensor]:
    """A tiny network by the published names, its point-wise convolutions as matrices."""
    network = tiny_fastspeech2("table")
    named = {"encoder.position_enc": torch.zeros(1, 11, 16), "decoder.position_enc": torch.zeros(1, 11, 16)}
    for name, tensor in network.state_dict().items():
        if name.startswith("post_net."):
            number, rest = name.split(".")[2:4]
            kind = "0.conv" if ".convs." in name else "1"
            named[f"postnet.convolutions.{number}.{kind}.{rest}"] = tensor
        elif ".statistics." not in name:
            theirs = rename(name, BACK)
            flat = theirs.endswith(("w_qs.weight", "w_ks.weight", "w_vs.weight", "fc.weight"))
            flat = flat or theirs.endswith(("linear_layer.weight", "mel_linear.weight"))
            named[theirs] = tensor.squeeze(-1) if flat else tensor
    return named


def test_a_checkpoint_becomes_ours(tmp_path: Path) -> None:
    torch.save({"model": _published(), "optimizer": {}}, tmp_path / "900000.pth.tar")
    stats = {"pitch": [-2.9, 11.4, 207.6, 46.8], "energy": [-1.4, 8.2, 37.3, 26.0]}
    (tmp_path / "config.json").write_text(json.dumps({"stats": stats}))
    out = tmp_path / "converted"
    convert_published("fastspeech2", "acoustic", tmp_path / "900000.pth.tar", tmp_path / "config.json", out)
    network, experiment = load_network(out)
    assert isinstance(experiment, FastSpeech2Experiment)
    assert experiment.model.speakers == ("0", "1") == experiment.features.speaker.names
    assert experiment.mel.framing == "between"
    assert float(network.adaptor.pitch.statistics.mean) == pytest.approx(207.6)
    own = tiny_fastspeech2("table")
    tokens, lengths = torch.tensor([[5, 9, 7]]), torch.tensor([3])
    speaker = torch.tensor([1])
    style = own.table_style(speaker)
    assert torch.equal(network.infer(tokens, lengths, style).mel, own.infer(tokens, lengths, style).mel)


@pytest.mark.parametrize("lacking", ["mel_linear.weight", "variance_adaptor.pitch_bins"])
def test_other_weights_are_refused(lacking: str) -> None:
    tensors = {name: tensor for name, tensor in _published().items() if name != lacking}
    with pytest.raises(CheckpointError, match=lacking):
        import_fastspeech2(tensors, {})
