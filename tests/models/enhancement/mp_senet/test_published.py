"""Tests of `hiervox.models.enhancement.mp_senet.published`: the same output as the published code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from hiervox.models.base.checkpoints.conversion import convert_published
from hiervox.models.enhancement.mp_senet.networks.mp_senet import MPSENet
from hiervox.models.enhancement.mp_senet.pipeline import MPSENetPipeline
from hiervox.models.enhancement.mp_senet.published import import_mp_senet
from hiervox.models.enhancement.mp_senet.spectrum import waveform
from hiervox.utils.errors import CheckpointError
from tests.golden import OFFICIAL, TOLERANCE, Golden, relative_error
from tests.models.enhancement.mp_senet.parity_cases import CONFIG as MP_SENET_CONFIG


@pytest.fixture(scope="module")
def weights(shared: Path) -> dict[str, Tensor]:
    return Golden(OFFICIAL, "mp_senet").state_dict()


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, Tensor]:
    return load_file(shared / "parity" / "official" / "mp_senet.safetensors")


@pytest.fixture(scope="module")
def network(weights: dict[str, Tensor]) -> MPSENet:
    config, tensors = import_mp_senet(weights, MP_SENET_CONFIG)
    network = MPSENet(config).eval()
    network.load_state_dict(tensors)
    return network


def test_agrees_with_the_published_network(network: MPSENet, golden: dict[str, Tensor]) -> None:
    with torch.no_grad():
        amplitude, phase = network(golden["noisy_amplitude"], golden["noisy_phase"])
    assert relative_error(amplitude, golden["amplitude"]) < TOLERANCE
    turns = torch.round((golden["phase"] - phase) / (2 * torch.pi))
    assert relative_error(phase + 2 * torch.pi * turns, golden["phase"]) < TOLERANCE


def test_pipeline_is_the_published_computation(network: MPSENet, golden: dict[str, Tensor]) -> None:
    """One window: normalised to a root mean square of 1, cleaned, and brought back.

    Far less exact than the network: with random weights its phase jumps, and an angle of pi or -pi, which
    the FFT's rounding decides in the lowest and the highest bin, is the same to all but the network.
    """
    noisy = golden["wav16k"].numpy()
    clean, rate = MPSENetPipeline(network).enhance(noisy, 16_000)
    level = float(np.sqrt(np.mean(noisy.astype(np.float64) ** 2)))
    expected = waveform(golden["amplitude"], golden["phase"], network.config)[0] * level
    assert rate == 16_000 and clean.shape == noisy.shape
    assert relative_error(torch.from_numpy(clean), expected) < 0.05


def test_parameter_count_is_the_published_one(network: MPSENet, weights: dict[str, Tensor]) -> None:
    published = sum(tensor.numel() for name, tensor in weights.items() if "running_" not in name)
    assert sum(parameter.numel() for parameter in network.parameters()) == published == 2_048_849


def test_the_authors_file_is_converted(weights: dict[str, Tensor], tmp_path: Path) -> None:
    """Under the key `generator`, and with the counters that a file of stand-in weights lacks."""
    counted = {
        name.replace("running_mean", "num_batches_tracked"): torch.tensor(1000)
        for name in weights
        if name.endswith("running_mean")
    }
    torch.save({"generator": {**weights, **counted}}, tmp_path / "g_best")
    (tmp_path / "config.json").write_text(json.dumps({**MP_SENET_CONFIG, "batch_size": 4}))
    out = tmp_path / "mp_senet"
    sizes = ("mp_senet", "mp_senet", tmp_path / "g_best", tmp_path / "config.json", out)
    assert convert_published(*sizes) == 2_048_849
    assert MPSENetPipeline.load(out).rate == 16_000


def test_missing_tensor_is_named(weights: dict[str, Tensor]) -> None:
    fewer = {name: tensor for name, tensor in weights.items() if name != "phase_decoder.phase_conv_r.bias"}
    with pytest.raises(CheckpointError, match=r"missing phase_decoder\.real\.bias"):
        import_mp_senet(fewer, MP_SENET_CONFIG)


@pytest.mark.parametrize("wrong", [{}, {**MP_SENET_CONFIG, "dense_channel": 0}])
def test_config_of_something_else_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(CheckpointError, match="published config"):
        import_mp_senet({}, wrong)
