"""Agreement with golden files of published code: `python -m tests.parity make|check`.

docs/guides/golden_files.md says how. Exit code 1 means that a tensor's error is over 1e-3 of the golden
standard deviation, 2 that a file can't be used.

What is computed for a golden file stands beside its system's tests: a module `parity_cases` with `CASES`,
golden file → function. A file may have several. Another package names such a module as an entry point of the
group `hiervox.parity`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated

import torch
import typer

from hiervox.models.base.checkpoints.tensor_files import save_tensors
from hiervox.utils.device import choose_device
from hiervox.utils.errors import ConfigError, DataError, HierVoxError, reason
from hiervox.utils.files import write_json
from hiervox.utils.registry import Registry, nearest, resolve
from tests.golden import TOLERANCE, Case, Golden, computed_on
from tests.stand_in import spec_of, stand_ins

TESTS = Path(__file__).resolve().parent
SUFFIXES = (".safetensors", ".json")
BESIDE = (".spec.json", ".scale.json")


PLUGINS: Registry[ModuleType] = Registry(
    "golden case",
    "hiervox.parity",
    "",
    "",
    lambda member: inspect.ismodule(member) and isinstance(getattr(member, "CASES", None), dict),
    name_of=lambda module: module.__name__,
)
"""Modules of installed packages with cases of their own."""

app = typer.Typer(add_completion=False)


@cache
def parity_cases() -> dict[str, list[Case]]:
    """The cases of all systems by golden file."""
    cases: dict[str, list[Case]] = {}
    for module in (*own_modules(), *PLUGINS.values()):
        for name, case in module.CASES.items():
            cases.setdefault(name, []).append(case)
    return cases


def own_modules() -> list[ModuleType]:
    """The modules of the tree with cases."""
    files = sorted(TESTS.rglob("parity_cases.py"))
    return [import_module(".".join(file.relative_to(TESTS.parent).with_suffix("").parts)) for file in files]


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


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="Folder of golden files.")],
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Of these; all.")] = None,
    salt: Annotated[int, typer.Option(help="Which stand-in weights the golden files were made with.")] = 0,
    device: Annotated[str, typer.Option(help="Where ours runs: cpu, cuda, …; float32 without TF32.")] = "cpu",
) -> None:
    """Compare with golden files of published code."""
    try:
        found, place = golden_files(folder), choose_device(device)
        _require_taken(names or [], found, folder)
    except HierVoxError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    wanted = names or found
    taken = [name for name in wanted if name in parity_cases()]
    with computed_on(place):
        code = max((compare_file(folder, name, salt) for name in taken), default=0)
    untaken = [name for name in wanted if name not in parity_cases()]
    if untaken:
        typer.echo(f"{len(untaken)} taken by no system yet: {', '.join(untaken)}")
    raise typer.Exit(code)


def _require_taken(names: Sequence[str], found: Sequence[str], folder: Path) -> None:
    """
    Raises:
        DataError: a file that is named is not there, or no case takes it.
    """
    for name in names:
        if name not in found:
            raise DataError(f"no golden file {name} in {folder}", nearest(name, found))
        if name not in parity_cases():
            raise DataError(
                f"no case takes {name}", "add it to CASES of a parity_cases.py, or of hiervox.parity"
            )


@app.command()
def make(
    published: Annotated[
        str, typer.Argument(help="package.module:function → a network, and what computes its tensors.")
    ],
    out: Annotated[Path, typer.Argument(metavar="FOLDER/NAME", help="The golden file, without a suffix.")],
    salt: Annotated[int, typer.Option(help="Which stand-in weights.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
) -> None:
    """Make a golden file with published code: inputs, outputs, and the shapes of its weights."""
    files = [out.with_name(f"{out.name}.{suffix}") for suffix in ("safetensors", "spec.json")]
    try:
        for file in files:
            if file.exists() and not overwrite:
                raise ConfigError(f"{file} exists", "choose another name, or add --overwrite")
        spec, tensors = _made(published, salt)
        out.parent.mkdir(parents=True, exist_ok=True)
        save_tensors(files[0], tensors)
        write_json(files[1], spec)
    except HierVoxError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{out}: {len(spec)} weights, {', '.join(tensors)}")


def _made(published: str, salt: int) -> tuple[dict[str, list[int]], dict[str, torch.Tensor]]:
    """The spec and the tensors of published code.

    Raises:
        ConfigError: it is not there, or fails.
        DataError: a tensor is not finite.
    """
    sys.path.insert(0, str(Path.cwd()))
    source = resolve(published)
    try:
        network, compute = source()
        spec = spec_of(network)
        network.load_state_dict(stand_ins(spec, salt), strict=False)
        with torch.no_grad():
            made = compute(network.eval())
        tensors = {name: tensor.contiguous().cpu().clone() for name, tensor in made.items()}
    except Exception as error:  # whatever published code raises
        raise ConfigError(f"{published} fails ({reason(error)})", "correct it") from error
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise DataError(f"{published} gives a {name} that is not finite", "give it other inputs")
    return spec, tensors


def main(arguments: Sequence[str]) -> None:
    """A folder alone is checked."""
    app([*arguments] if arguments and arguments[0] in ("make", "check", "--help") else ["check", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
