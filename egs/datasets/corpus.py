"""Fetch a corpus, or turn it into cut manifests to train on and to test with.

A corpus is a Python file with two functions, as lhotse's recipes are:

    download(folder, *, ...)       fetch into `folder` what is not there
    prepare(folder, out, *, ...)   write `out/train` and `out/test`; may add `out/test_list.csv`

It may have `SAMPLE_RATE`, of its recordings in Hz: at 48,000 they can train super-resolution.

It stands beside this file, or an installed package names its module as an entry point of the group
`hiervox.datasets`. Its keyword arguments are options here: `test_parts=("a", "b")` is `--test-parts a b`. The
path of a table, or of a Kaldi folder, is a corpus, too.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from hiervox.models.base.recipes import DATASETS
from hiervox.utils.errors import ConfigError, HierVoxError
from hiervox.utils.registry import nearest

HERE = Path(__file__).parent
HELPERS = frozenset({"corpus", "manifests", "table"})
"""Files beside this one that are no corpus."""


def names() -> list[str]:
    """What `--corpus` can be called."""
    own = {path.stem for path in HERE.glob("*.py")} - HELPERS
    return sorted(own | set(DATASETS))


def find(corpus: str) -> tuple[Any, dict[str, Any]]:
    """The module of a corpus, and arguments that its name stands for.

    Raises:
        ConfigError: there is none of that name.
    """
    if (HERE / f"{corpus}.py").is_file() and corpus not in HELPERS:
        return importlib.import_module(corpus), {}
    if corpus in DATASETS or corpus in DATASETS.left_out:
        return DATASETS.named(corpus), {}
    if Path(corpus).exists():
        return importlib.import_module("table"), {"table": corpus}
    raise ConfigError(f"no corpus {corpus}", f"name a table, or a corpus: {nearest(corpus, names())}")


def arguments_of(function: Callable[..., object]) -> Iterator[inspect.Parameter]:
    """The keyword-only ones, which are options."""
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            yield parameter


def main(given: Sequence[str] | None = None) -> None:
    """Parse, and do one of the two."""
    first = argparse.ArgumentParser(description=__doc__, add_help=False)
    first.add_argument(
        "action",
        choices=["download", "prepare", "known", "rate"],
        help="known: is there such a corpus? rate: of its recordings, Hz, where it says so",
    )
    first.add_argument("--corpus", required=True, help="its name, or a table of recordings")
    chosen, rest = first.parse_known_args(given)
    module, fixed = find(chosen.corpus)
    if chosen.action == "known":
        return
    if chosen.action == "rate":
        sys.stdout.write(f"{getattr(module, 'SAMPLE_RATE', '')}\n")
        return
    parser = argparse.ArgumentParser(parents=[first])
    parser.add_argument("--folder", type=Path, required=True, help="where the corpus's own folder is or goes")
    parser.add_argument("--out", type=Path, help="of prepare: train/ and test/ go here")
    options = {
        parameter.name: parameter
        for do in (module.download, module.prepare)
        for parameter in arguments_of(do)
    }
    for name, parameter in options.items():
        flag, default = f"--{name.replace('_', '-')}", parameter.default
        if isinstance(default, tuple):
            parser.add_argument(flag, nargs="+", default=default)
        else:
            parser.add_argument(flag, type=int if isinstance(default, int) else str, default=default)
    parsed = vars(parser.parse_args([chosen.action, "--corpus", chosen.corpus, *rest]))
    function = getattr(module, chosen.action)
    wanted = {parameter.name: parsed[parameter.name] for parameter in arguments_of(function)}
    wanted |= {name: value for name, value in fixed.items() if name in wanted}
    if chosen.action == "prepare" and parsed["out"] is None:
        parser.error("prepare needs --out")
    places = [parsed["folder"]] if chosen.action == "download" else [parsed["folder"], parsed["out"]]
    function(*places, **wanted)


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"corpus.py: {error}")
