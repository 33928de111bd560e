"""The methods of an object, to be replaced by others that call them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def public_methods(of: object, base: type = object) -> dict[str, Callable[..., Any]]:
    """Bound methods by name: what an object's classes define before `base`, without `_` in front.

    Static and class methods are left out.
    """
    kinds = type(of).__mro__
    names = {name for kind in kinds[: kinds.index(base)] for name in vars(kind) if not name.startswith("_")}
    return {
        name: getattr(of, name)
        for name in sorted(names)
        if inspect.isfunction(inspect.getattr_static(type(of), name))
    }
