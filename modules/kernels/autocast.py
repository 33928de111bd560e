"""Networks that run under autocast: weights in its number type from the start, and blocks outside of it.

Autocast casts the weights of a layer whenever the layer is called; cast once, they take half the memory, and
a GPU starts nothing for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from hiervox.modules.kernels.rules import is_outside_autocast, stays_outside_autocast
from hiervox.modules.predictors.stochastic_duration import StochasticDurationPredictor
from hiervox.modules.predictors.variance import VariancePredictor
from hiervox.utils.methods import public_methods

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d)
"""What autocast computes in its number type, and casts the weights of."""

stays_outside_autocast(VariancePredictor, StochasticDurationPredictor)  # durations, pitch and energy


def prepare_for_autocast(network: nn.Module, device: str) -> None:
    """Store the weights of a network's layers in autocast's number type; done in place.

    Args:
        network: in eval mode; what `stays_outside_autocast` names keeps its weights, and computes in float32.
        device: type of the device, on which autocast is on.
    """
    if is_outside_autocast(network):
        for name, method in public_methods(network, nn.Module).items():
            setattr(network, name, _in_float32(method, device))
        return
    if isinstance(network, LAYERS):
        network.to(torch.get_autocast_dtype(device))
    for part in network.children():
        prepare_for_autocast(part, device)


def _in_float32(method: Callable[..., Any], device: str) -> Callable[..., Any]:
    def computed(*args: Any, **kwargs: Any) -> Any:
        with torch.autocast(device, enabled=False):
            return method(*map(_widened, args), **{name: _widened(entry) for name, entry in kwargs.items()})

    return computed


def _widened(entry: Any) -> Any:
    is_low = isinstance(entry, Tensor) and entry.dtype in (torch.bfloat16, torch.float16)
    return entry.float() if is_low else entry
