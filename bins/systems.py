"""`hiervox systems`: what is installed, and what each system is."""

from __future__ import annotations

from typing import Annotated

import typer

from hiervox.bins.plugins import echo_entries, origin
from hiervox.bins.tables import JsonOption
from hiervox.bins.verbs import INSTALLATION, Verb

systems_app = typer.Typer(help="Systems: list them, show the card of one.", invoke_without_command=True)


@systems_app.callback()
def list_systems(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the systems: name, task, trainable parts, paper.

    \b
    Examples:
      hiervox systems
      hiervox systems show NAME
    """
    if context.invoked_subcommand is not None:
        return
    from hiervox.models.base.registry import SYSTEMS

    rows = {}
    for name, card in SYSTEMS.items():
        parts = ", ".join(part.name for part in card.parts if part.task) or "none"
        rows[name] = (card.task, parts, card.paper)
    echo_entries(SYSTEMS, ("task", "trainable parts", "paper"), rows, as_json)


@systems_app.command()
def show(name: Annotated[str, typer.Argument(help="As `hiervox systems` lists it.")]) -> None:
    """Print a system's card: what it does, its parts and their sizes, licence, weights, controls.

    \b
    Example:
      hiervox systems show NAME
    """
    from hiervox.models.base.checkpoints.pretrained import pretrained_entries
    from hiervox.models.base.pipelines.controls import controls_of, describe
    from hiervox.models.base.registry import SYSTEMS
    from hiervox.models.base.tasks import TASKS

    card = SYSTEMS.named(name)
    lines = [
        ("name", f"{name}{origin(SYSTEMS, name)}"),
        ("task", ", ".join((card.task, *card.capabilities))),
        ("summary", card.summary),
        ("paper", card.paper),
        ("works", ", ".join(card.works) or "nothing noted"),
        ("metrics", ", ".join(TASKS[card.task].metrics if card.task in TASKS else ()) or "none"),
        ("uses", ", ".join(f"a network for {task}" for task in card.uses) or "no other system"),
        ("licence of the weights", card.weights_licence),
        ("default weights", card.weights or "none"),
    ]
    for part in card.parts:
        trains = "trained here" if part.task else "not trained here"
        imported = "published weights can be imported" if part.importer else "no published weights"
        count = _counted(part.network, part.config) if part.parameters is None else part.parameters
        size = "" if count is None else f"{count / 1e6:.2f} M weights by default, "
        lines.append(("part", f"{part.name}: {size}{trains}, {imported}"))
    for entry in pretrained_entries().values():
        if entry.system == card.name:
            lines.append(("pretrained", f"{entry.name}: {entry.summary}"))
    schema = controls_of(card)
    for control, field in ({} if schema is None else schema.model_fields).items():
        lines.append(("control", describe(control, field)))
    for label, text in lines:
        typer.echo(f"{label + ':':<24}{text}")


def _counted(network: str, config: str) -> int | None:
    """How many weights the default config of a part makes; None where a config has no defaults."""
    import torch

    from hiervox.utils.registry import resolve

    model = resolve(config).model_fields["model"]
    default = model.get_default(call_default_factory=True)
    try:
        with torch.device("meta"):
            return sum(parameter.numel() for parameter in resolve(network)(default).parameters())
    except Exception:  # a network that needs more than its default sizes
        return None


VERB = Verb("systems", systems_app, panel=INSTALLATION, rank=5)
