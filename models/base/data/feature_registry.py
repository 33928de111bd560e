"""The features: modules of `models/base/features/`, and the entry-point group `hiervox.features`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from hiervox.utils.registry import Registry


class FeatureClass(Protocol):
    """What is known of a feature before it is used; `models/base/data/feature.py` has the base class."""

    name: ClassVar[str]
    settings: ClassVar[Mapping[str, tuple[Any, Any]]]

    def __call__(self, config: Any, networks: Any = None) -> Any:
        """The feature for an experiment's setup."""


def _is_feature(member: object) -> bool:
    is_class = inspect.isclass(member) and not inspect.isabstract(member)
    return is_class and all(hasattr(member, wanted) for wanted in ("name", "settings", "compute"))


FEATURES: Registry[FeatureClass] = Registry(
    "feature", "hiervox.features", "hiervox.models.base.features", "*.py", _is_feature
)
