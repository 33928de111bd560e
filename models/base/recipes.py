"""Recipes and corpora: `egs/`, and the entry-point groups `hiervox.recipes` and `hiervox.datasets`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from types import ModuleType

from hiervox import models
from hiervox.utils.errors import DependencyError
from hiervox.utils.registry import Registry, instances_of

RUN_NAME = "run.sh"


@dataclass(frozen=True)
class Recipe:
    """A recipe: a folder with a `run.sh` and its `conf/`.

    A package brings one as `RECIPE = Recipe("TASK/SYSTEM", Path(__file__).parent / "recipe")`. Its `run.sh`
    begins with `source "$(hiervox recipes engine)"`.

    Attributes:
        name: its folder under `egs/`, as TASK/SYSTEM or TASK/SYSTEM/CORPUS.
        folder: of `run.sh`.
    """

    name: str
    folder: Path

    @property
    def run(self) -> Path:
        """The program.

        Raises:
            DependencyError: it is not there.
        """
        run = self.folder / RUN_NAME
        if not run.is_file():
            raise DependencyError(f"recipe {self.name} has no {run}", "install its package anew")
        return run

    @property
    def summary(self) -> str:
        """The first sentence of the program's comment."""
        lines = self.run.read_text(encoding="utf-8").splitlines()
        said = " ".join(line[2:] for line in takewhile(lambda line: line.startswith("# "), lines[1:]))
        return said.split(". ")[0].rstrip(".")


def recipes_folder() -> Path:
    """`egs/` of the repository, or what of it is installed."""
    return Path(next(iter(models.__path__))).parent / "egs"


def engine() -> Path:
    """The file that a `run.sh` sources.

    Raises:
        DependencyError: it is not there.
    """
    file = recipes_folder() / "common" / "recipe.sh"
    if not file.is_file():
        raise DependencyError(f"no {file}", "install hiervox anew")
    return file


def _own() -> Iterator[Recipe]:
    root = recipes_folder()
    for run in sorted([*root.glob(f"*/*/{RUN_NAME}"), *root.glob(f"*/*/*/{RUN_NAME}")]):
        yield Recipe(run.parent.relative_to(root).as_posix(), run.parent)


def _is_corpus(member: object) -> bool:
    return inspect.ismodule(member) and all(
        callable(getattr(member, name, None)) for name in ("download", "prepare")
    )


RECIPES: Registry[Recipe] = Registry("recipe", "hiervox.recipes", "", "", instances_of(Recipe), own=_own)

DATASETS: Registry[ModuleType] = Registry(
    "corpus",
    "hiervox.datasets",
    "",
    "",
    _is_corpus,
    name_of=lambda module: module.__name__.rpartition(".")[2],
)
"""Corpora of installed packages: modules with `download` and `prepare`, by their own names.

Those of the tree are files of `egs/datasets`."""
