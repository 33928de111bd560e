"""The verbs of the command line: files of `bins/`, and the entry-point group `hiervox.verbs`.

A file that defines a verb imports nothing heavy before the verb runs, as listing verbs imports all of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperGroup

from hiervox.bins.url_outputs import take_urls
from hiervox.utils.errors import ConfigError, reason
from hiervox.utils.registry import Registry, instances_of

DATA = "Data and training"
GENERATION = "Generation"
EVALUATION = "Evaluation"
INSTALLATION = "Models, systems and the installation"
PANELS = (DATA, GENERATION, EVALUATION, INSTALLATION)
"""Headings of `hiervox --help` in their order; others come behind them."""


@dataclass(frozen=True)
class Verb:
    """A verb: `hiervox NAME …`.

    Attributes:
        name: on the command line.
        command: a function that typer can make a command of, its docstring the help; or a `typer.Typer` with
            commands of its own.
        panel: the heading in `hiervox --help`.
        rank: its place under the heading, the lowest first.
        writes_urls: whether it writes to URLs itself; of others, outputs at URLs are made on this machine.
    """

    name: str
    command: Callable[..., None] | typer.Typer
    panel: str = GENERATION
    rank: int = 100
    writes_urls: bool = False

    @property
    def summary(self) -> str:
        """The first sentence of its help."""
        if isinstance(self.command, typer.Typer):
            said = self.command.info.help
            text = said if isinstance(said, str) else ""
        else:
            text = inspect.getdoc(self.command) or ""
        return " ".join(text.split("\n\n")[0].split())

    def build(self) -> Any:
        """The command as typer makes it.

        Raises:
            ConfigError: typer can't make a command of it.
        """
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.callback()(_nothing)
        try:
            if isinstance(self.command, typer.Typer):
                alone.add_typer(self.command, name=self.name)
            else:
                alone.command(self.name)(self.command)
            group = typer.main.get_command(alone)
            assert isinstance(group, TyperGroup)
            made = group.commands[self.name]
            if not self.writes_urls:
                take_urls(made)
            return made
        except Exception as error:  # whatever typer makes of another package's annotations
            brought = VERBS.packages.get(self.name, "this package")
            raise ConfigError(
                f"typer can't make a command of verb {self.name!r} ({reason(error)})", f"correct {brought}"
            ) from error


def _nothing() -> None:
    """The callback that makes a typer app a group, whatever the number of its commands."""


VERBS: Registry[Verb] = Registry(
    "verb", "hiervox.verbs", "hiervox.bins", "*.py", instances_of(Verb), without=["app"], warns=False
)


def verb_names() -> list[str]:
    """The names of all verbs by panel and rank."""
    panels = panel_names()
    return sorted(VERBS, key=lambda name: (panels.index(VERBS[name].panel), VERBS[name].rank, name))


def panel_names() -> list[str]:
    """The headings that have verbs, in order."""
    used = dict.fromkeys(verb.panel for verb in VERBS.values())
    return [*(panel for panel in PANELS if panel in used), *sorted(set(used) - set(PANELS))]


class _Commands(Mapping[str, Any]):
    """Every verb as a command, made when it is asked for."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = VERBS[name].build()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(verb_names())

    def __len__(self) -> int:
        return len(VERBS)


class VerbGroup(TyperGroup):
    """The command line as a group of verbs that are made commands one by one, so that none breaks another."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands: Any = _Commands()

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all verbs."""
        return verb_names()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a verb; None of an option.

        Raises:
            ConfigError: there is no such verb; says why it was left out, or names the nearest.
        """
        if cmd_name.startswith("-"):
            return None
        VERBS.named(cmd_name)
        return self.commands[cmd_name]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each panel with its verbs, and what was left out with the reason."""
        for panel in panel_names():
            rows = [(name, self._said(name)) for name in verb_names() if VERBS[name].panel == panel]
            with formatter.section(panel):
                formatter.write_dl(rows)
        left_out = [
            (entry.name, f"{entry.package} brings it, but {entry.reason}")
            for entry in VERBS.left_out.values()
        ]
        if left_out:
            with formatter.section("Left out"):
                formatter.write_dl(left_out)

    def _said(self, name: str) -> str:
        brought = VERBS.packages.get(name)
        return VERBS[name].summary + (f" ({brought})" if brought else "")
