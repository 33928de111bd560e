"""Print the rows of a benchmark of conversion, NAME TAB MODEL TAB CONTROL: one a number of solver steps."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from hiervox.models.base.pipelines.bundle import resolve_bundle
from hiervox.models.base.pipelines.controls import controls_of
from hiervox.models.base.pipelines.loading import find_system
from hiervox.utils.errors import CheckpointError, ConfigError, HierVoxError

STEPS = "steps"
TASKS = ("vc", "svc")


def trained(exp: Path, task: str = TASKS[0]) -> Iterator[tuple[str, str]]:
    """Name and model of what the benchmark of text to speech trained and can convert, EXP/SYSTEM/MARK."""
    for folder in sorted(exp.glob("*/[cg]pu-*")):
        runs = sorted(folder.glob("runs/*"))
        model = folder / "model" if (folder / "model").is_dir() or len(runs) != 1 else runs[0]
        try:
            find_system(model, task)
        except (CheckpointError, ConfigError):
            continue
        yield f"{folder.parent.name}_{folder.name}", str(model)


def given(models: list[str]) -> Iterator[tuple[str, str]]:
    """Name and model of what was named.

    Raises:
        CheckpointError, ConfigError: one is not NAME=DIR, or there is none.
    """
    for one in models:
        name, mark, model = one.partition("=")
        if not (name and mark and model) or "/" in name or "\t" in one:
            raise ConfigError(f"--model {one} is not NAME=DIR", "as --model mine=exp/bundle")
        yield name, str(resolve_bundle(model).resolve())


def solver_steps(given: str) -> tuple[str, int]:
    """`NAME:N`, of one model, or `N`, of all: the name, or an empty one, and the number."""
    name, _, number = given.rpartition(":")
    return name, int(number)


def variants(
    models: list[tuple[str, str]], steps: list[tuple[str, int]], task: str = TASKS[0]
) -> Iterator[tuple[str, str, str]]:
    """Name, model and control of each row.

    Args:
        models: name and folder of each.
        steps: whose, and how many; an empty name stands for all.
        task: which they convert in.

    Raises:
        CheckpointError, ConfigError: a model can't be found, or does not convert; two rows of one name.
    """
    seen = set()
    for name, model in models:
        schema = controls_of(find_system(Path(model), task)[0])
        numbers: list[int | None] = [None]
        if schema and STEPS in schema.model_fields:
            numbers = [number for owner, number in steps if owner in ("", name)]
        for number in numbers:
            row = name if number is None else f"{name}_{number}_steps"
            if row in seen:
                raise ConfigError(f"two rows are called {row}", "give each model a name of its own")
            seen.add(row)
            yield row, model, "" if number is None else f"{STEPS}={number}"


def main() -> None:
    """Parse and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=[])
    parser.add_argument("--trained", type=Path)
    parser.add_argument("--steps", type=solver_steps, nargs="+", required=True, help="N, or NAME:N")
    parser.add_argument("--task", choices=TASKS, default=TASKS[0])
    arguments = parser.parse_args()
    own = trained(arguments.trained, arguments.task) if arguments.trained else ()
    models = [*given(arguments.models), *own]
    if not models:
        raise ConfigError(f"nothing in {arguments.trained} converts", "train a system that does")
    for row in variants(models, arguments.steps, arguments.task):
        sys.stdout.write("\t".join(row) + "\n")


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"conversion_variants.py: {error}")
