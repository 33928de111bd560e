"""Which modules of a network are replaced, by their type: a rule stands beside the kernel that it puts in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn


@dataclass(frozen=True)
class Setting:
    """What holds for a module.

    Attributes:
        exact: whether layers stay in float32.
        plain: whether weights stay where they are.
        trains: whether gradients are asked for, and the names of parameters have to stay.
    """

    exact: bool = False
    plain: bool = False
    trains: bool = False


Replacement = Callable[[Any, Setting], nn.Module | None]
"""(module, setting) → what computes the same in its place; None to leave it."""


@dataclass(frozen=True)
class Rule:
    """How modules of a type are replaced.

    Attributes:
        replacement: makes what stands in for a module.
        trains: whether it has gradients and keeps the names of parameters, so that training takes it, too.
    """

    replacement: Replacement
    trains: bool = False


Pass = Callable[..., Any]
Recorder = Callable[[Any, Callable[[Pass], Pass]], None]
"""(network, what lets a pass be recorded), which puts recorded passes in place of the network's own."""

_rules: dict[type[nn.Module], Rule] = {}
_recorders: dict[type[nn.Module], Recorder] = {}
_plain: list[type[nn.Module]] = []
_float32: list[type[nn.Module]] = []
_outside_autocast: list[type[nn.Module]] = []


def replaces(*kinds: type[nn.Module], trains: bool = False) -> Callable[[Replacement], Replacement]:
    """Register a function as the rule for modules of some types and of types derived from them."""

    def register(replacement: Replacement) -> Replacement:
        for kind in kinds:
            _rules[kind] = Rule(replacement, trains)
        return replacement

    return register


def records(*kinds: type[nn.Module]) -> Callable[[Recorder], Recorder]:
    """Register a function that says which passes of networks of some types are recorded (`graphs`)."""

    def register(recorder: Recorder) -> Recorder:
        _recorders.update(dict.fromkeys(kinds, recorder))
        return recorder

    return register


def keeps_plain_weights(*kinds: type[nn.Module]) -> None:
    """Register networks and blocks that gain nothing from weights laid out for a CPU."""
    _plain.extend(kinds)


def stays_in_float32(*kinds: type[nn.Module]) -> None:
    """Register networks and blocks that can't bear the errors of three passes of bfloat16."""
    _float32.extend(kinds)


def stays_outside_autocast(*kinds: type[nn.Module]) -> None:
    """Register blocks for whose values bfloat16's eight bits are too few, such as those of a pitch."""
    _outside_autocast.extend(kinds)


def rule_for(module: nn.Module) -> Rule | None:
    """The rule of the nearest of a module's types that has one."""
    return next((_rules[kind] for kind in type(module).__mro__ if kind in _rules), None)


def recorder_for(network: nn.Module) -> Recorder | None:
    """Likewise what says which of a network's passes are recorded; None for `forward` as a whole."""
    return next((_recorders[kind] for kind in type(network).__mro__ if kind in _recorders), None)


def is_plain(module: nn.Module) -> bool:
    """Whether weights inside of a module stay as they are."""
    return isinstance(module, tuple(_plain))


def is_float32(module: nn.Module) -> bool:
    """Whether layers inside of a module are computed in float32."""
    return isinstance(module, tuple(_float32))


def is_outside_autocast(module: nn.Module) -> bool:
    """Whether a module is computed in float32 under autocast, too."""
    return isinstance(module, tuple(_outside_autocast))
