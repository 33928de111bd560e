"""Agreement with golden files of published code.

`python -m tests.parity FOLDER --salt N [--device cuda]` takes any folder of the format that
../shared/parity/README.md describes, rebuilds the stand-in weights with `fill.py`, runs ours, and prints
every tensor's error. Exit code 1 means that one is over 1e-3 of the golden standard deviation, 2 that a file
of the folder can't be used.

What is computed for a golden file stands beside its system's tests: a module `parity_cases` with `CASES`,
golden file → function. A file may have several.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated

import torch
import typer

from hiervox.utils.device import choose_device
from hiervox.utils.errors import DataError, HierVoxError
from tests.golden import TOLERANCE, Case, Golden, computed_on

TESTS = Path(__file__).resolve().parent
SUFFIXES = (".safetensors", ".json")
BESIDE = (".spec.json", ".scale.json")


@cache
def parity_cases() -> dict[str, list[Case]]:
    """The cases of all systems by golden file."""
    cases: dict[str, list[Case]] = {}
    for path in sorted(TESTS.rglob("parity_cases.py")):
        module = ".".join(path.relative_to(TESTS.parent).with_suffix("").parts)
        for name, case in import_module(module).CASES.items():
            cases.setdefault(name, []).append(case)
    return cases


def golden_files(folder: Path) -> list[str]:
    """Names of the golden files of a folder, without suffix.

    Raises:
        DataError: there are none.
    """
    files = [path for path in folder.iterdir() if path.suffix in SUFFIXES] if folder.is_dir() else []
    names = sorted(path.stem for path in files if not path.name.endswith(BESIDE))
    if not names:
        raise DataError(f"no golden files in {folder}", "name a folder like ../shared/parity/official")
    return names


@torch.no_grad()
def compare(golden: Golden) -> Iterator[tuple[str, float]]:
    """Name and error of each tensor that the golden file's cases compute, without gradients."""
    for case in parity_cases()[golden.name]:
        yield from golden.errors(case(golden))


def compare_file(folder: Path, name: str, salt: int) -> int:
    """Print the error of each tensor of a golden file; returns the exit code that it calls for."""
    golden, code = Golden(folder, name, salt), 0
    try:
        for tensor, error in compare(golden):
            good = error < TOLERANCE
            code = code if good else 1
            typer.echo(f"{name}  {tensor}  {error:.2e}{'' if good else '  TOO LARGE'}")
    except HierVoxError as error:
        typer.echo(f"error: {error}", err=True)
        return 2
    except Exception as error:  # the other files are still of interest
        typer.echo(f"{name}  failed: {type(error).__name__}: {' '.join(str(error).split())}")
        return 1
    for tensor in sorted(golden.unused):
        typer.echo(f"{name}  {tensor}: no such output here, not compared")
    return code


def main(
    folder: Annotated[Path, typer.Argument(help="Folder of golden files.")],
    salt: Annotated[int, typer.Option(help="Which stand-in weights the golden files were made with.")] = 0,
    device: Annotated[str, typer.Option(help="Where ours runs: cpu, cuda, …; float32 without TF32.")] = "cpu",
) -> None:
    """Compare with golden files of published code."""
    try:
        names, place = golden_files(folder), choose_device(device)
    except HierVoxError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    taken = [name for name in names if name in parity_cases()]
    with computed_on(place):
        code = max((compare_file(folder, name, salt) for name in taken), default=0)
    for name in names:
        if name not in parity_cases():
            typer.echo(f"{name}  taken by no system yet")
    raise typer.Exit(code)


if __name__ == "__main__":
    typer.run(main)
