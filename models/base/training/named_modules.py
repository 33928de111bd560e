"""Modules of a network that a config names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch import nn

from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import nearest


def chosen_modules(network: nn.Module, names: Sequence[str], key: str) -> Iterator[nn.Module]:
    """The modules of those names; of a list, as `flow.blocks`, each of its modules.

    Args:
        network: that is trained.
        names: such as `decoder.layers`.
        key: of the config, for messages.

    Raises:
        ConfigError: one is not there.
    """
    modules = dict(network.named_modules())
    for name in names:
        if name not in modules:
            raise ConfigError(
                f"{key} names {name!r}, which {type(network).__name__} has not", nearest(name, modules)
            )
        module = modules[name]
        yield from module if isinstance(module, nn.ModuleList) else (module,)
