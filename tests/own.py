"""What the tree itself brings: an installed package must not change what its tests look at."""

from __future__ import annotations

from typing import TypeVar

from hiervox.models.base.card import SystemCard
from hiervox.models.base.registry import SYSTEMS
from hiervox.utils.registry import Registry

EntryT = TypeVar("EntryT")


def own(registry: Registry[EntryT]) -> dict[str, EntryT]:
    """The entries of a registry that no installed package brings."""
    return {name: entry for name, entry in registry.items() if name not in registry.packages}


def own_systems(task: str | None = None) -> dict[str, SystemCard]:
    """The systems of the tree by name, of one task or of all; no toys of tests."""
    return {
        name: card
        for name, card in SYSTEMS.items()
        if card.package.startswith("hiervox.models.") and task in (None, card.task)
    }
