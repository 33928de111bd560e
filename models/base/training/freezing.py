"""Parts of a network that keep their weights in training."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from hiervox.utils.errors import ConfigError


def covers(prefix: str, name: str) -> bool:
    """Whether `text_encoder` stands for `text_encoder.embedding.weight`: the same name, or one within it."""
    return name == prefix or name.startswith(f"{prefix}.")


def frozen_parameters(network: nn.Module, prefixes: Sequence[str]) -> list[nn.Parameter]:
    """The parameters within the modules that `prefixes` name.

    Raises:
        ConfigError: a prefix that names nothing, or nothing is left to train.
    """
    parameters = dict(network.named_parameters())
    for prefix in prefixes:
        if not any(covers(prefix, name) for name in parameters):
            choices = ", ".join(name for name, _ in network.named_children())
            raise ConfigError(
                f"train.freeze names {prefix!r}, which {type(network).__name__} has not",
                f"choose from {choices}, or a part of one of them",
            )
    frozen = [
        parameter
        for name, parameter in parameters.items()
        if any(covers(prefix, name) for prefix in prefixes)
    ]
    if frozen and len(frozen) == len(parameters):
        raise ConfigError("train.freeze leaves nothing to train", "freeze less")
    return frozen
