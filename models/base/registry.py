"""The systems: folders `models/<task>/<system>/` that define a card, and the group `hiervox.systems`."""

from __future__ import annotations

from hiervox.models.base.card import Part, SystemCard, completed
from hiervox.models.base.tasks import TASKS
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import Registry, instances_of, nearest, resolve

SYSTEMS: Registry[SystemCard] = Registry(
    "system",
    "hiervox.systems",
    "hiervox.models",
    "*/*/__init__.py",
    instances_of(SystemCard),
    without=["base"],
    completed=lambda card: completed(card, TASKS.get(card.task)),
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


def require_resolved(system: str, part: str) -> None:
    """Make sure that what a card names for a part, and to use it, is there.

    Raises:
        ConfigError: naming the card and the name that can't be resolved.
    """
    card, own = SYSTEMS.named(system), get_part(system, part)
    named = {f"network of part {part}": own.network, "pipeline": card.pipeline, "controls": card.controls}
    for role, dotted in named.items():
        if dotted is None:
            continue
        try:
            resolve(dotted)
        except ConfigError as error:
            raise ConfigError(
                f"the card of {system} names {dotted} as {role}, but {error.problem}", error.hint
            ) from error
