"""Tests of `hiervox.modules.normalization.weight_norm`."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm
from torch.nn.utils.parametrize import is_parametrized

from hiervox.modules.normalization.weight_norm import remove_weight_norm


def test_baked_module_computes_the_same_without_parametrisation() -> None:
    module = nn.Sequential(
        weight_norm(nn.Conv1d(2, 3, 3)), nn.ModuleDict({"a": weight_norm(nn.Linear(4, 4))})["a"]
    )
    with torch.no_grad():
        module[0].parametrizations.weight.original0.mul_(3)  # type: ignore[union-attr, operator]
    x = torch.randn(1, 2, 6)
    expected = module(x)
    remove_weight_norm(module)
    assert not any(is_parametrized(layer) for layer in module.modules())
    assert "0.weight" in dict(module.named_parameters())
    torch.testing.assert_close(module(x), expected)


def test_other_parametrisations_stay() -> None:
    layer = spectral_norm(nn.Linear(3, 3))
    remove_weight_norm(layer)
    assert is_parametrized(layer, "weight")


def test_plain_module_is_unchanged() -> None:
    layer = nn.Linear(3, 3)
    weight = layer.weight
    remove_weight_norm(layer)
    assert layer.weight is weight
