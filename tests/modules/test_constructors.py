"""How modules take their sizes: as one object, and the rest by keyword."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("bins", "evaluation", "models", "modules", "processors", "tests")
KERNELS = ROOT / "modules" / "kernels"
"""Compiled passes take what the layer that they stand for has."""
MOST_PARAMETERS = 5
MOST_BY_POSITION = 3


def _trees(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if KERNELS not in path.parents:
                yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):
        return _last_name(node.value)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _networks() -> dict[str, tuple[Path, ast.ClassDef]]:
    """Every class of `modules/` that is an `nn.Module`, by name."""
    classes = {
        node.name: (path, node)
        for path, tree in _trees("modules")
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }

    def is_network(name: str) -> bool:
        if name in ("Module", "Sequential", "ModuleList"):
            return True
        return name in classes and any(is_network(_last_name(base)) for base in classes[name][1].bases)

    return {name: entry for name, entry in classes.items() if is_network(name)}


def _by_position(call: ast.Call) -> int:
    """Arguments by position that are sizes: all but modules that are built on the spot, and no `*sizes`."""
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return MOST_BY_POSITION + 1
    return sum(not isinstance(argument, ast.Call | ast.GeneratorExp | ast.ListComp) for argument in call.args)


def test_no_constructor_takes_more_than_five_parameters() -> None:
    too_many = {}
    for name, (path, node) in _networks().items():
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                arguments = method.args
                count = len(arguments.args) - 1 + len(arguments.kwonlyargs)
                count += (arguments.vararg is not None) + (arguments.kwarg is not None)
                if count > MOST_PARAMETERS:
                    too_many[f"{path}: {name}"] = count
    assert not too_many


def test_no_call_passes_more_than_three_sizes_by_position() -> None:
    networks = _networks()
    too_many = [
        f"{path}:{node.lineno} {ast.unparse(node)}"
        for path, tree in _trees(*FOLDERS)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in networks
        and _by_position(node) > MOST_BY_POSITION
    ]
    assert not too_many
