"""Activations that the backward pass computes again, in place of keeping them (arXiv 1604.06174)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import nn
from torch.utils.checkpoint import checkpoint

from hiervox.models.base.training.named_modules import chosen_modules


def checkpoint_modules(network: nn.Module, names: Sequence[str]) -> None:
    """Let modules keep their inputs alone; each module of a list on its own.

    Losses, gradients and noise are the same; the forward pass of these modules is run twice.

    Args:
        network: that is trained.
        names: of modules of it, such as `decoder.layers`.

    Raises:
        ConfigError: one is not there.
    """
    for module in chosen_modules(network, names, "train.gradient_checkpointing"):
        module.forward = partial(checkpoint, module.forward, use_reentrant=False)
