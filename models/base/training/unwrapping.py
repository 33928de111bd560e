"""A network within what distributed training wraps around it."""

from __future__ import annotations

from torch import nn


def unwrapped(network: nn.Module) -> nn.Module:
    """The task's own network; the caller knows its class."""
    inner = getattr(network, "module", network)
    assert isinstance(inner, nn.Module)
    return inner
