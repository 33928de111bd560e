"""Tests of `hiervox.modules.kernels.shifted_activation`."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from hiervox.modules.activations.alias_free import AliasFreeActivation
from hiervox.modules.activations.snake import SnakeBeta
from hiervox.modules.kernels.prepare import parameter_count, prepare_for_inference
from hiervox.modules.kernels.shifted_activation import ShiftedActivation, shift_activations


def activation(channels: int) -> AliasFreeActivation:
    torch.manual_seed(0)
    module = AliasFreeActivation(SnakeBeta(channels))
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    return module


@pytest.mark.parametrize("length", [1, 2, 3, 7, 500])
@torch.inference_mode()
def test_it_is_the_activation_within_rounding(length: int) -> None:
    module, x = activation(16), torch.randn(2, 16, length)
    shifted = ShiftedActivation(module)
    for given in (x, x.mT.contiguous().mT):
        assert torch.allclose(shifted(given), module(given), atol=1e-5)
    assert shifted(x.bfloat16()).dtype == torch.bfloat16


@torch.inference_mode()
def test_those_of_the_published_sizes_are_replaced_for_good() -> None:
    other = AliasFreeActivation(SnakeBeta(4), kernel_size=8)
    network = nn.Sequential(nn.Sequential(activation(4)), other).eval()
    x = torch.randn(1, 4, 50)
    expected, parameters = network(x), parameter_count(network)
    shift_activations(network)
    prepare_for_inference(network)
    assert isinstance(network[0][0], ShiftedActivation) and network[1] is other
    assert torch.allclose(network(x), expected, atol=1e-5) and parameter_count(network) == parameters
