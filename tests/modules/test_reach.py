"""A file of `modules/` serves two systems or more; what one alone needs lies in its folder."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = "hiervox"
FOLDERS = ("evaluation", "models", "modules", "processors", "utils")
SHARED = ("evaluation/", "models/base/", "processors/")
KERNELS = "modules/kernels/"
"""Stand in for layers wherever they are."""
DISCRIMINATORS = f"{PACKAGE}.modules.discriminators"
"""A registry scans it, and a config of any adversarial training names one by its type."""
CARD = "models/base/card.py"


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join([PACKAGE, *(parts[:-1] if parts[-1] == "__init__" else parts)])


def _imported(tree: ast.Module) -> Iterator[str]:
    """Modules that a file imports, or names as `module:attribute`, or as a package whose files it scans."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.partition(":")[0]


def _graph() -> dict[str, set[str]]:
    """Each file of the package and what it imports of it, by paths relative to the repository."""
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    by_name = {_name(path): str(path.relative_to(ROOT)) for path in paths}
    graph = {}
    for path in paths:
        names = set(_imported(ast.parse(path.read_text(encoding="utf-8"))))
        graph[str(path.relative_to(ROOT))] = {
            file
            for name, file in by_name.items()
            if name in names or _is_scanned(name.rpartition(".")[0], names)
        }
    return graph


def _is_scanned(package: str, names: set[str]) -> bool:
    return package == DISCRIMINATORS and package in names


def _reached(graph: Mapping[str, set[str]], starts: Iterable[str]) -> set[str]:
    reached, waiting = set(starts), list(starts)
    while waiting:
        new = graph[waiting.pop()] - reached
        reached |= new
        waiting += new
    return reached


def test_every_file_of_modules_serves_two_systems_or_more() -> None:
    graph = _graph()
    systems = [
        file.removesuffix("__init__.py")
        for file, imports in graph.items()
        if CARD in imports and file.count("/") == 3 and file.endswith("/__init__.py")
    ]
    assert len(systems) > 20
    by_system = [_reached(graph, [file for file in graph if file.startswith(system)]) for system in systems]
    by_all = _reached(graph, [file for file in graph if file.startswith(SHARED)])
    for_one = [
        file
        for file in graph
        if file.startswith("modules/") and not file.startswith(KERNELS) and not file.endswith("__init__.py")
        if file not in by_all and sum(file in reached for reached in by_system) < 2
    ]
    assert not for_one
