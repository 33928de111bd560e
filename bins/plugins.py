"""Everything that installed packages can bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import typer

from hiervox.bins.tables import echo_table
from hiervox.utils.registry import Registry


def registries() -> list[Registry[Any]]:
    """The registry of each kind."""
    from hiervox.bins.verbs import VERBS
    from hiervox.evaluation.registry import METRICS
    from hiervox.models.base.data.feature_registry import FEATURES
    from hiervox.models.base.recipes import DATASETS, RECIPES
    from hiervox.models.base.registry import SYSTEMS
    from hiervox.models.base.tasks import TASKS
    from hiervox.models.base.training.discriminators import DISCRIMINATORS
    from hiervox.models.base.training.schedule import SCHEDULES
    from hiervox.processors.text.languages import LANGUAGES

    return [VERBS, TASKS, SYSTEMS, FEATURES, METRICS, DISCRIMINATORS, SCHEDULES, LANGUAGES, RECIPES, DATASETS]


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
