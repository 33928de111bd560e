"""The door to the kernels: a built network is made ready for inference, or for training, from outside."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import torch
from torch import nn

# Importing these registers their rules.
from hiervox.modules.kernels import (  # noqa: F401
    channels_last,
    gated_layer,
    instance_norm,
    masked_block,
    monotonic_search,
    packed,
    plain_networks,
)
from hiervox.modules.kernels.autocast import prepare_for_autocast
from hiervox.modules.kernels.fused_activation import use_kernels
from hiervox.modules.kernels.graphs import record_passes
from hiervox.modules.kernels.rules import Setting, is_float32, is_plain, rule_for
from hiervox.modules.normalization.weight_norm import remove_weight_norm

__all__ = [
    "device_of",
    "parameter_count",
    "prepare_for_inference",
    "prepare_for_training",
    "record_passes",
    "use_kernels",
]


def prepare_for_inference(network: nn.Module, exact: bool = False, plain: bool = False) -> nn.Module:
    """Fold weight norm and put in what is quickest on the device that a network is on.

    The results agree within rounding. The network can't be trained, saved or moved any more. Under autocast
    weights are not laid out, but stored in its number type (`autocast`), and the network has to run under it.

    Args:
        network: in eval mode, on its device; its modules are replaced in place.
        exact: whether layers stay in float32, where three passes of bfloat16 would be quicker, with errors of
            2e-5 of the standard deviation instead of 5e-6.
        plain: whether weights stay where they are.

    Returns:
        The network, or what stands in for it as a whole.
    """
    remove_weight_norm(network)
    ready = _replaced(network, Setting(exact=exact, plain=plain), {})
    device = device_of(ready).type
    if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device) and not plain:
        prepare_for_autocast(ready, device)
    return ready


def prepare_for_training(network: nn.Module) -> nn.Module:
    """Put in kernels that have gradients; parameters, their names and the results' meaning stay."""
    return _replaced(network, Setting(trains=True), {})


def parameter_count(network: nn.Module) -> int:
    """Numbers of a network's parameters, those that `prepare_for_inference` has laid out among them."""
    packed_numbers = sum(getattr(module, "replaced_parameters", 0) for module in network.modules())
    return _numbers(network) + packed_numbers


Done = dict[int, tuple[nn.Module, nn.Module]]
"""Modules that a walk through a network has seen, by id, and what stands for each."""


def _replaced(module: nn.Module, setting: Setting, done: Done) -> nn.Module:
    """What stands for a module, its parts replaced likewise."""
    if id(module) in done:
        return done[id(module)][1]
    if hasattr(module, "replaced_parameters"):  # put in before
        return module
    exact, plain = setting.exact or is_float32(module), setting.plain or is_plain(module)
    setting = replace(setting, exact=exact, plain=plain)
    made = _replacement(module, setting)
    done |= {id(module): (module, made), id(made): (made, made)}
    if made is not module:
        made.train(module.training)
        made.replaced_parameters = _numbers(module) - _numbers(made)  # type: ignore[assignment]
    _replace_parts(made, module, setting, done)
    return made


def _replace_parts(module: nn.Module, wrapped: nn.Module, setting: Setting, done: Done) -> None:
    """Replace the parts of a module; of one that it wraps, which stays, the parts of that."""
    for name, part in list(module.named_children()):
        if part is wrapped:
            _replace_parts(part, part, setting, done)
        else:
            setattr(module, name, _replaced(part, setting, done))


def _replacement(module: nn.Module, setting: Setting) -> nn.Module:
    """By its rule, or the module itself."""
    rule = rule_for(module)
    if rule is None or (setting.trains and not rule.trains):
        return module
    made = rule.replacement(module, setting)
    return module if made is None else made


def device_of(network: nn.Module) -> torch.device:
    """Where a network is; one whose weights are all laid out is on the CPU."""
    tensors = chain(network.parameters(), network.buffers())
    return next((tensor.device for tensor in tensors), torch.device("cpu"))


def _numbers(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
