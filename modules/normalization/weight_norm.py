"""Baking weight norm into plain weights, for inference."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.parametrizations import _WeightNorm
from torch.nn.utils.parametrize import ParametrizationList, is_parametrized, remove_parametrizations


def remove_weight_norm(module: nn.Module) -> None:
    """Replace every weight-normalised `weight` inside `module` by the plain tensor that it computes.

    The outputs stay the same; each forward saves the normalisation. Other parametrisations are left alone,
    and a module without any is unchanged.
    """
    for layer in module.modules():
        if not is_parametrized(layer, "weight"):
            continue
        chain = layer.get_submodule("parametrizations.weight")
        if isinstance(chain, ParametrizationList) and isinstance(chain[0], _WeightNorm):
            remove_parametrizations(layer, "weight", leave_parametrized=True)
