"""`hiervox config`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.options import OverridesOption
from hiervox.bins.verbs import DATA, Verb

config_app = typer.Typer(help="Look at configs.", no_args_is_help=True)


@config_app.callback()
def config_group() -> None:
    """Look at configs."""


@config_app.command()
def show(
    file: Annotated[Path, typer.Argument(help="A JSON5 experiment config.")],
    overrides: OverridesOption = None,
) -> None:
    """Print the resolved config: bases merged, overrides applied, defaults filled in, everything checked.

    \b
    Example:
      hiervox config show model.json5 --set train.batch_size=8
    """
    from hiervox.models.base.training.experiment import load_experiment

    tree = load_experiment(file, overrides or ()).model_dump(mode="json")
    typer.echo(json.dumps(tree, indent=2, ensure_ascii=False))


VERB = Verb("config", config_app, panel=DATA, rank=8)
