"""`hiervox new`: a package that plugs in, to begin with."""

from __future__ import annotations

import keyword
import re
import sys
from enum import Enum
from pathlib import Path
from string import Template
from typing import Annotated, Any

import typer

from hiervox.bins.verbs import INSTALLATION, Verb
from hiervox.utils.errors import ConfigError
from hiervox.utils.files import whole_folder, write_text
from hiervox.utils.outputs import check_outputs
from hiervox.utils.registry import Registry

TEMPLATES = Path(__file__).parent / "templates"
NAME = re.compile(r"[a-z][a-z0-9_]*")
SUFFIX = ".tmpl"
"""Of the files of a template, so that nothing takes them for Python."""


class Kind(str, Enum):
    """What a package can bring."""

    SYSTEM = "system"
    TASK = "task"
    METRIC = "metric"


def new(
    kind: Annotated[Kind, typer.Argument(help="system: a vocoder; task: with a verb and a system; metric.")],
    name: Annotated[str, typer.Argument(help="Of the package and what it brings: a-z, 0-9 and _.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write, new or empty.")],
) -> None:
    """Write a package that brings a system, a task or a metric; it installs, runs and has a test.

    \b
    Examples:
      hiervox new system my_vocoder my_vocoder
      hiervox new task separation separation
      hiervox new metric clipping clipping
    """
    _check_name(kind, name)
    check_outputs((), folders=[folder])
    folder = folder.resolve()  # where it is a link to an empty folder, that is filled
    names = {
        "name": name,
        "distribution": f"hiervox-{name.replace('_', '-')}",
        "verb": name.replace("_", "-"),
        "Name": "".join(part.capitalize() for part in name.split("_")),
    }
    with whole_folder(folder) as whole:
        _write(TEMPLATES / kind.value, whole, names)
    typer.echo(f"{folder}: pip install --editable {folder}, then pytest {folder}")


def _check_name(kind: Kind, name: str) -> None:
    """
    Raises:
        ConfigError: the name is no package's, or taken.
    """
    from hiervox.bins.verbs import VERBS
    from hiervox.evaluation.registry import METRICS
    from hiervox.models.base.registry import SYSTEMS
    from hiervox.models.base.tasks import TASKS

    if not NAME.fullmatch(name) or keyword.iskeyword(name) or name in sys.stdlib_module_names:
        raise ConfigError(f"no package can be called {name!r}", "use a-z, 0-9 and _, and no name of Python's")
    brought: dict[Kind, tuple[Registry[Any], ...]] = {
        Kind.SYSTEM: (SYSTEMS,),
        Kind.TASK: (TASKS, VERBS),
        Kind.METRIC: (METRICS,),
    }
    for registry in brought[kind]:
        if name in registry:
            raise ConfigError(f"there is a {registry.kind} {name!r}", "choose another name")


def _write(template: Path, folder: Path, names: dict[str, str]) -> None:
    """A template's files, with the names put in; its folder `package` is called as the package is."""
    folder.mkdir(exist_ok=True)
    for entry in sorted(template.iterdir()):
        if entry.is_dir():
            inner = names["name"] if entry.name == "package" else entry.name
            _write(entry, folder / inner, names)
        elif entry.name.endswith(SUFFIX):
            target = Template(entry.name.removesuffix(SUFFIX)).substitute(names)
            text = Template(entry.read_text(encoding="utf-8")).substitute(names)
            write_text(folder / target, text)


VERB = Verb("new", new, panel=INSTALLATION, rank=6)
