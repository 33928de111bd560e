"""Finding systems: folders `models/<task>/<system>/` and the entry-point group `hiervox.systems`."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from hiervox import models
from hiervox.models.base.card import Part, SystemCard
from hiervox.utils.errors import ConfigError
from hiervox.utils.logging import get_logger
from hiervox.utils.registry import nearest

ENTRY_POINT_GROUP = "hiervox.systems"

_log = get_logger("registry")


@lru_cache(maxsize=1)
def system_cards() -> dict[str, SystemCard]:
    """All cards by name: those of the tree first, then those of installed packages.

    A folder is a system when its `__init__.py` defines `CARD`. A package outside the tree whose card
    can't be loaded is logged and left out, so that it can't break the others.

    Raises:
        ConfigError: two systems have one name.
    """
    cards: dict[str, SystemCard] = {}
    for root in models.__path__:
        for init in sorted(Path(root).glob("*/*/__init__.py")):
            task = init.parent.parent.name
            if task == "base":
                continue
            name = f"hiervox.models.{task}.{init.parent.name}"
            card = getattr(import_module(name), "CARD", None)
            if isinstance(card, SystemCard):
                _add(cards, card)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            card = point.load()
        except Exception as error:
            _log.warning("left out system %s of %s: %s", point.name, point.value, error)
            continue
        _add(cards, card)
    return cards


def _add(cards: dict[str, SystemCard], card: SystemCard) -> None:
    if card.name in cards:
        raise ConfigError(f"two systems are called {card.name!r}", "rename or uninstall one")
    cards[card.name] = card


def get_card(system: str) -> SystemCard:
    """The card of `system`.

    Raises:
        ConfigError: there is none; names the nearest.
    """
    cards = system_cards()
    if system not in cards:
        raise ConfigError(f"no system {system!r}", nearest(system, cards))
    return cards[system]


def get_part(system: str, part: str) -> Part:
    """The part of that name of `system`.

    Raises:
        ConfigError: there is none; names the nearest.
    """
    parts = {entry.name: entry for entry in get_card(system).parts}
    if part not in parts:
        raise ConfigError(f"system {system!r} has no part {part!r}", nearest(part, parts))
    return parts[part]
