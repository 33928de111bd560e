"""Contracts for import-linter: a system is imported by nobody but itself, and kernels are known by one door.

A system is a package two levels below `hiervox.models` whose `__init__.py` imports the card; so a new one is
covered on the day it appears, in an old task's folder or in a new one, and what the systems of a task share
is no system.
"""

from __future__ import annotations

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output

MODELS = "hiervox.models"
KERNELS = "hiervox.modules.kernels"
DOOR = f"{KERNELS}.prepare"
REPLACEMENTS = "replacements"
"""Name of the module of a system, or of what systems share, that registers what is put in for its blocks."""
CARD = f"{MODELS}.base.card"


class SystemsContract(Contract):
    """Nothing outside a system's package imports a module of it."""

    type_name = "systems"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look for imports of a system's modules from outside of it."""
        found = [
            (importer, imported)
            for system in sorted(systems_of(graph))
            for imported in sorted({system, *graph.find_descendants(system)})
            for importer in sorted(graph.find_modules_that_directly_import(imported))
            if importer != system and not importer.startswith(f"{system}.")
        ]
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print who imports what."""
        found: list[Any] = check.metadata["found"]
        for importer, imported in found:
            output.print_error(f"{importer} imports {imported}, a module of another system")


class KernelsContract(Contract):
    """Outside of the kernels' folder `models.base` imports its door alone, and a system registers rules."""

    type_name = "kernels"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look for imports of kernels by others."""
        rules = {
            f"{folder}.{REPLACEMENTS}"
            for task in graph.find_children(MODELS) - {f"{MODELS}.base"}
            for folder in graph.find_children(task)
        }
        found = [
            (importer, imported)
            for imported in sorted({KERNELS, *graph.find_descendants(KERNELS)})
            for importer in sorted(graph.find_modules_that_directly_import(imported))
            if not (
                importer == KERNELS
                or importer.startswith(f"{KERNELS}.")
                or (imported == DOOR and importer.startswith(f"{MODELS}.base."))
                or importer in rules
            )
        ]
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print who imports what."""
        found: list[Any] = check.metadata["found"]
        for importer, imported in found:
            output.print_error(f"{importer} imports {imported}, which only {DOOR} is to know")


def systems_of(graph: ImportGraph) -> set[str]:
    """The packages that are systems."""
    return {
        system
        for task in graph.find_children(MODELS) - {f"{MODELS}.base"}
        for system in graph.find_children(task)
        if CARD in graph.find_modules_directly_imported_by(system)
    }
