"""Finding features: modules of `models/base/features/` and the entry-point group `hiervox.features`."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from hiervox.models.base import features as package
from hiervox.models.base.data.feature import Feature, Networks
from hiervox.utils.errors import ConfigError
from hiervox.utils.logging import get_logger
from hiervox.utils.registry import nearest

if TYPE_CHECKING:
    from hiervox.models.base.data.features import FeatureSetup

ENTRY_POINT_GROUP = "hiervox.features"

_log = get_logger("registry")


@lru_cache(maxsize=1)
def feature_classes() -> dict[str, type[Feature]]:
    """All features by name: those of the tree first, then those of installed packages.

    A package outside the tree whose feature can't be loaded is logged and left out.

    Raises:
        ConfigError: two features have one name.
    """
    found: dict[str, type[Feature]] = {}
    for entry in iter_modules(package.__path__):
        for one in vars(import_module(f"{package.__name__}.{entry.name}")).values():
            if inspect.isclass(one) and issubclass(one, Feature) and not inspect.isabstract(one):
                _add(found, one)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            _add(found, point.load())
        except ConfigError:
            raise
        except Exception as error:  # it is another package's
            _log.warning("left out feature %s of %s: %s", point.name, point.value, error)
    return found


def _add(found: dict[str, type[Feature]], feature: type[Feature]) -> None:
    if found.setdefault(feature.name, feature) is not feature:
        raise ConfigError(f"two features are called {feature.name!r}", "rename or uninstall one")


def build_features(fields: Iterable[str], setup: FeatureSetup, device: str = "cpu") -> dict[str, Feature]:
    """The features of some fields by name, in alphabetical order.

    Args:
        fields: their names.
        setup: the experiment's.
        device: of the networks that they are computed by.

    Raises:
        ConfigError: there is no such feature; names the nearest.
    """
    classes = feature_classes()
    for name in fields:
        if name not in classes:
            raise ConfigError(f"no feature {name!r}", nearest(name, classes))
    networks = Networks(device)
    return {name: classes[name](setup, networks) for name in sorted(fields)}
