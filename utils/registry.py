"""Dotted names: `package.module:attribute` to the object it names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from hiervox.utils.errors import ConfigError


def resolve(dotted: str) -> Any:
    """Import the module and return the attribute that `package.module:attribute` names.

    Raises:
        ConfigError: the module or the attribute is not there.
    """
    module_name, colon, attribute = dotted.partition(":")
    if not colon:
        raise ConfigError(f"{dotted!r} is no dotted name", "write package.module:attribute")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        raise ConfigError(f"can't import {module_name} for {dotted!r} ({error})", "install it") from error
    if not hasattr(module, attribute):
        raise ConfigError(f"{module_name} has no {attribute}", "correct the card that names it")
    return getattr(module, attribute)


def nearest(name: str, known: Iterable[str]) -> str:
    """The hint for a misspelt name: the nearest known one, or all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names) or 'none'}"
