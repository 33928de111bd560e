"""What a task gives in a step, checked where it is given, so that a mistake is told by its name."""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor, nn
from torch.optim import Optimizer

from hiervox.models.base.training.full_sharding import whole_tensor
from hiervox.utils.errors import ConfigError, TrainingError
from hiervox.utils.registry import nearest

MOST_WEIGHT = 1e6
"""Magnitude over which a weight has exploded: those of trained networks stay under a thousand."""


def require_terms(terms: object, owner: str, phase: str) -> Mapping[str, Tensor]:
    """What `TrainingTask.losses` returned, if it is what it has to return.

    Args:
        terms: what it returned.
        owner: name of the task's class.
        phase: whose losses they are.

    Raises:
        TrainingError: it is not a dict of scalar tensors with at least one, naming the term.
    """
    place = f"{owner}.losses of phase {phase!r}"
    hint = "return a dict of scalar tensors, one a loss term"
    if not isinstance(terms, Mapping):
        raise TrainingError(f"{place} returned a {type(terms).__name__}", hint)
    if not terms:
        raise TrainingError(f"{place} returned no loss term", hint)
    for name, term in terms.items():
        if not isinstance(term, Tensor):
            raise TrainingError(f"{place} returned a {type(term).__name__} for {name!r}", hint)
        if term.dim():
            raise TrainingError(
                f"{place} returned a tensor of shape {tuple(term.shape)} for {name!r}",
                "return its mean or its sum",
            )
    return terms


def require_graph(total: Tensor, owner: str, phase: str) -> None:
    """Make sure that the weighted sum of a phase's losses has a graph to go back through.

    Raises:
        TrainingError: it depends on no parameter.
    """
    if not total.requires_grad:
        raise _unconnected(owner, phase)


def require_gradients(network: nn.Module, owner: str, phase: str) -> None:
    """Make sure, behind a backward pass, that the losses of a phase depend on its network.

    Raises:
        TrainingError: no trainable parameter has a gradient.
    """
    trainable = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if trainable and all(parameter.grad is None for parameter in trainable):
        raise _unconnected(owner, phase)


def require_sound_network(name: str, network: nn.Module, optimizer: Optimizer | None, step: int) -> None:
    """Make sure that a network has not diverged, by its weights and by what the optimizer keeps of gradients.

    A single step with far too high a learning rate leaves finite weights that no loss has seen yet.

    Args:
        name: of the network.
        network: whose weights are looked at.
        optimizer: whose averages of gradients are; None where there is none.
        step: optimizer steps done.

    Raises:
        TrainingError: a value is not finite, or a weight is over `MOST_WEIGHT`.
    """
    of = {id(parameter): key for key, parameter in network.named_parameters()}
    for key, tensor in network.state_dict().items():
        if tensor.is_floating_point() and tensor.numel():
            trained = key in of.values()
            _require_sound(tensor, f"the weights {name}.{key}", MOST_WEIGHT if trained else math.inf, step)
    for parameter, kept in optimizer.state.items() if optimizer is not None else ():
        for key, value in kept.items():
            if isinstance(value, Tensor) and value.is_floating_point() and value.numel():
                what = f"the gradients' averages ({key}) of {name}.{of.get(id(parameter), '')}"
                _require_sound(value, what, math.inf, step)


def _require_sound(tensor: Tensor, what: str, most: float, step: int) -> None:
    largest = float(whole_tensor(tensor.detach().abs().max()))
    if math.isfinite(largest) and largest <= most:
        return
    said = f"reaches {largest:.3g}" if math.isfinite(largest) else "is not finite"
    raise TrainingError(
        f"the training diverged: at step {step} a value of {what} {said}",
        "lower train.optimizer.learning_rate or set train.clip_norm; nothing was saved of this step",
    )


def _unconnected(owner: str, phase: str) -> TrainingError:
    return TrainingError(
        f"no loss of phase {phase!r} of {owner} depends on the network {phase!r}",
        "let `losses` use what the network computes, without detaching it",
    )


def require_weighted(terms: Mapping[str, Tensor], weights: Mapping[str, float], owner: str) -> None:
    """Make sure that weights name the terms of a step, where a task has weights at all.

    A weight may stand for a term that this step does not have; a term without a weight beside such a weight
    is taken for a misspelling.

    Args:
        terms: of the main network's phase.
        weights: by the names of terms.
        owner: name of the task's class.

    Raises:
        ConfigError: a term has no weight, and a weight no term.
    """
    unused = sorted(weights.keys() - terms.keys())
    for name in terms:
        if unused and name not in weights:
            raise ConfigError(
                f"the loss term {name!r} of {owner} has no weight, and {' or '.join(unused)} is not a term",
                nearest(name, unused) if len(unused) > 1 else f"rename loss.{unused[0]} to {name}",
            )
