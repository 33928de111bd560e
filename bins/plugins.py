"""Everything that installed packages can bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any

import typer

from hiervox.bins.tables import echo_table
from hiervox.utils.registry import Registry, resolve

REGISTRIES = {
    "hiervox.verbs": "hiervox.bins.verbs:VERBS",
    "hiervox.tasks": "hiervox.models.base.tasks:TASKS",
    "hiervox.systems": "hiervox.models.base.registry:SYSTEMS",
    "hiervox.features": "hiervox.models.base.data.feature_registry:FEATURES",
    "hiervox.metrics": "hiervox.evaluation.registry:METRICS",
    "hiervox.discriminators": "hiervox.models.base.training.discriminators:DISCRIMINATORS",
    "hiervox.schedules": "hiervox.models.base.training.schedule:SCHEDULES",
    "hiervox.languages": "hiervox.processors.text.languages:LANGUAGES",
    "hiervox.recipes": "hiervox.models.base.recipes:RECIPES",
    "hiervox.datasets": "hiervox.models.base.recipes:DATASETS",
}
"""Group of entry points → the registry of that kind."""


def registries() -> list[Registry[Any]]:
    """The registry of each kind."""
    return [resolve(registry) for registry in REGISTRIES.values()]


def extended_registries() -> list[Registry[Any]]:
    """Those of kinds that an installed package names entries of; the others are not imported."""
    return [resolve(registry) for group, registry in REGISTRIES.items() if entry_points(group=group)]


def echo_entries(
    registry: Registry[Any], header: Sequence[str], rows: Mapping[str, Sequence[str]], as_json: bool = False
) -> None:
    """Print a table of a registry's entries, their packages where there are any, and what was left out.

    Args:
        registry: of them.
        header: of the cells behind the name.
        rows: name → cells.
        as_json: for programs, without what was left out.
    """
    packages = registry.packages
    table = [(registry.kind, *header), *((name, *cells) for name, cells in rows.items())]
    if packages:
        last = ["package", *(packages.get(name, "") for name in rows)]
        table = [(*row, cell) for row, cell in zip(table, last, strict=True)]
    echo_table(table, as_json)
    if not as_json:
        echo_left_out(registry)


def origin(registry: Registry[Any], name: str) -> str:
    """Behind the name of an entry that an installed package brings: which, with its version."""
    package = registry.packages.get(name)
    return f" ({package})" if package else ""


def echo_left_out(registry: Registry[Any]) -> None:
    """Print what installed packages bring and can't be used."""
    for entry in registry.left_out.values():
        typer.echo(f"left out: {entry.name} of {entry.package}: {entry.reason}")
