"""Activations that the backward pass computes again, in place of keeping them (arXiv 1604.06174)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import nn
from torch.utils.checkpoint import checkpoint

from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import nearest


def checkpoint_modules(network: nn.Module, names: Sequence[str]) -> None:
    """Let modules keep their inputs alone; each module of a list on its own.

    Losses, gradients and noise are the same; the forward pass of these modules is run twice.

    Args:
        network: that is trained.
        names: of modules of it, such as `decoder.layers`.

    Raises:
        ConfigError: one is not there.
    """
    modules = dict(network.named_modules())
    for name in names:
        if name not in modules:
            raise ConfigError(
                f"train.gradient_checkpointing names {name!r}, which {type(network).__name__} has not",
                nearest(name, modules),
            )
        module = modules[name]
        for part in module if isinstance(module, nn.ModuleList) else (module,):
            part.forward = partial(checkpoint, part.forward, use_reentrant=False)
