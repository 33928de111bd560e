"""The features: modules of `models/base/features/`, and the entry-point group `hiervox.features`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hiervox.models.base.data.feature import Feature, Networks
from hiervox.utils.registry import Registry, classes_of

if TYPE_CHECKING:
    from hiervox.models.base.data.features import FeatureSetup

FEATURES: Registry[type[Feature]] = Registry(
    "feature", "hiervox.features", "hiervox.models.base.features", "*.py", classes_of(Feature)
)


def build_features(fields: Iterable[str], setup: FeatureSetup, device: str = "cpu") -> dict[str, Feature]:
    """The features of some fields by name, in alphabetical order.

    Args:
        fields: their names.
        setup: the experiment's.
        device: of the networks that they are computed by.

    Raises:
        ConfigError: there is no such feature; names the nearest.
    """
    networks = Networks(device)
    return {name: FEATURES.named(name)(setup, networks) for name in sorted(fields)}
