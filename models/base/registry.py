"""The systems: folders `models/<task>/<system>/` that define a card, and the group `hiervox.systems`."""

from __future__ import annotations

from hiervox.models.base.card import Part, SystemCard
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import Registry, instances_of, nearest

SYSTEMS: Registry[SystemCard] = Registry(
    "system",
    "hiervox.systems",
    "hiervox.models",
    "*/*/__init__.py",
    instances_of(SystemCard),
    without=["base"],
)


def get_part(system: str, part: str) -> Part:
    """The part of that name of `system`.

    Raises:
        ConfigError: there is none; names the nearest.
    """
    parts = {entry.name: entry for entry in SYSTEMS.named(system).parts}
    if part not in parts:
        raise ConfigError(f"system {system!r} has no part {part!r}", nearest(part, parts))
    return parts[part]
