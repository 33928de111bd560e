"""`hiervox recipes`: where recipes lie, and what they source."""

from __future__ import annotations

from typing import Annotated

import typer

from hiervox.bins.plugins import echo_entries
from hiervox.bins.tables import JsonOption
from hiervox.bins.verbs import DATA, Verb

recipes_app = typer.Typer(help="Recipes: list them, find one.", invoke_without_command=True)


@recipes_app.callback()
def list_recipes(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the recipes of the tree and of installed packages.

    \b
    Examples:
      hiervox recipes
      hiervox recipes path TASK/SYSTEM
    """
    if context.invoked_subcommand is not None:
        return
    from hiervox.models.base.recipes import RECIPES

    rows = {name: (recipe.summary,) for name, recipe in RECIPES.items()}
    echo_entries(RECIPES, ("what it does",), rows, as_json)


@recipes_app.command()
def path(name: Annotated[str, typer.Argument(help="As `hiervox recipes` lists it.")]) -> None:
    """Print the path of a recipe's program.

    \b
    Example:
      hiervox recipes path TASK/SYSTEM
    """
    from hiervox.models.base.recipes import RECIPES

    typer.echo(RECIPES.named(name).run)


@recipes_app.command()
def engine() -> None:
    """Print the path of the file that recipes source.

    \b
    Example:
      hiervox recipes engine
    """
    from hiervox.models.base.recipes import engine as engine_file

    typer.echo(engine_file())


VERB = Verb("recipes", recipes_app, DATA, rank=9)
