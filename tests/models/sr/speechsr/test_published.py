"""Tests of `hiervox.models.sr.speechsr.published`: the same output as the published code, for any weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from hiervox.models.base.checkpoints.importing import read_published
from hiervox.models.sr.speechsr.networks.speechsr import SpeechSR
from hiervox.models.sr.speechsr.published import import_speechsr
from hiervox.utils.errors import CheckpointError
from tests.golden import TOLERANCE, Golden, relative_error

CHECKPOINTS = {24: "speechsr24k_G_340000.pth", 48: "speechsr48k_G_100000.pth"}


def _published_config(shared: Path, rate: int) -> dict[str, Any]:
    path = shared / "checkpoints" / "speechsr" / f"speechsr{rate}k_config.json"
    tree: dict[str, Any] = json.loads(path.read_text())
    return tree


def _network(state_dict: dict[str, Tensor], published_config: dict[str, Any]) -> SpeechSR:
    config, tensors = import_speechsr(state_dict, published_config)
    network = SpeechSR(config).eval()
    network.load_state_dict(tensors)
    return network


@pytest.mark.parametrize("rate", [24, 48])
def test_agrees_with_stand_in_weights(shared: Path, rate: int) -> None:
    folder = shared / "parity" / "official"
    golden = load_file(folder / f"speechsr{rate}.safetensors")
    stand_ins = Golden(folder, f"speechsr{rate}").state_dict()
    network = _network(stand_ins, _published_config(shared, rate))
    with torch.no_grad():
        assert relative_error(network(golden["wav16k"]), golden["audio"]) < TOLERANCE


@pytest.mark.parametrize("rate", [24, 48])
def test_agrees_with_published_weights_on_speech(shared: Path, rate: int) -> None:
    golden = load_file(shared / "parity" / "official" / "real_audio.safetensors")
    path = shared / "checkpoints" / "speechsr" / CHECKPOINTS[rate]
    network = _network(read_published(path), _published_config(shared, rate))
    with torch.no_grad():
        wav = network(golden["wav"][None, :, :32_000])
    assert relative_error(wav, golden[f"speechsr{rate}_audio"].view_as(wav)) < TOLERANCE


def _small_published() -> tuple[dict[str, Tensor], dict[str, Any]]:
    config = {
        "data": {"sampling_rate": 48_000},
        "model": {
            "upsample_initial_channel": 4,
            "resblock_kernel_sizes": [3],
            "resblock_dilation_sizes": [[1]],
        },
    }
    tensors = {
        "dec.conv_pre.bias": torch.zeros(4),
        "dec.conv_pre.weight_g": torch.ones(4, 1, 1),
        "dec.conv_pre.weight_v": torch.randn(4, 1, 7),
        "dec.activation_post.act.alpha": torch.zeros(4),
        "dec.activation_post.act.beta": torch.zeros(4),
        "dec.activation_post.upsample.filter": torch.zeros(1, 1, 12),
        "dec.conv_post.weight": torch.randn(1, 4, 7),
    }
    for convs in ("convs1", "convs2"):
        tensors[f"dec.resblocks.0.{convs}.0.bias"] = torch.zeros(4)
        tensors[f"dec.resblocks.0.{convs}.0.weight_g"] = torch.ones(4, 1, 1)
        tensors[f"dec.resblocks.0.{convs}.0.weight_v"] = torch.randn(4, 4, 3)
    for number in range(2):
        tensors[f"dec.resblocks.0.activations.{number}.act.alpha"] = torch.zeros(4)
        tensors[f"dec.resblocks.0.activations.{number}.act.beta"] = torch.zeros(4)
    return tensors, config


def test_sizes_and_rate_come_from_the_published_config() -> None:
    network = _network(*_small_published())
    assert network.config.rate == 48_000
    assert network(torch.zeros(1, 1, 10)).shape == (1, 1, 30)


def test_missing_tensor_is_named() -> None:
    tensors, config = _small_published()
    del tensors["dec.conv_post.weight"]
    with pytest.raises(CheckpointError, match="last_conv"):
        import_speechsr(tensors, config)


@pytest.mark.parametrize("wrong", [{}, {"data": {"sampling_rate": 44_100}}, {"data": None}])
def test_config_of_something_else_is_refused(wrong: dict[str, Any]) -> None:
    tensors, config = _small_published()
    with pytest.raises(CheckpointError):
        import_speechsr(tensors, {"model": config["model"], **wrong})
