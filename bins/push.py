"""`hiervox push`: a model goes to the Hugging Face Hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.verbs import INSTALLATION, Verb
from hiervox.utils.errors import ConfigError


def push(
    model: Annotated[
        str, typer.Argument(help="An installed model, or the folder of a bundle, a checkpoint or a run.")
    ],
    name: Annotated[str, typer.Argument(metavar="OWNER/NAME[@BRANCH]", help="On the Hub.")],
    licence: Annotated[
        str | None,
        typer.Option("--license", help="Of the weights, by the Hub's names: mit, apache-2.0, cc-by-4.0 …"),
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="ISO 639 code. Default: what its text reader knows.")
    ] = None,
    dataset: Annotated[
        list[str] | None, typer.Option(help="What it was trained on. May be repeated.")
    ] = None,
    base_model: Annotated[str | None, typer.Option(help="What it was fine-tuned from, OWNER/NAME.")] = None,
    evaluation: Annotated[
        Path | None, typer.Option(help="Folder of `hiervox evaluate`, whose figures go into the card.")
    ] = None,
    system: Annotated[str | None, typer.Option(help="Of that evaluation, where it has several.")] = None,
    test_set: Annotated[
        str | None, typer.Option(help="What its sentences are called. Default: the folder's name.")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Make a new repository private.")] = False,
    message: Annotated[str | None, typer.Option(help="Of the commit.")] = None,
    card_only: Annotated[
        bool, typer.Option("--print-card", help="Print the model card, and publish nothing.")
    ] = False,
) -> None:
    """Publish a model on the Hugging Face Hub, with a card; `--model hf:OWNER/NAME` then opens it.

    The folder's README.md is the card where there is one; its metadata are completed.

    \b
    Examples:
      hiervox push exp/bundle me/my-voice --license mit --dataset librispeech
      hiervox push exp/bundle me/my-voice --license mit --evaluation exp/evaluation --print-card
    """
    from hiervox.models.base.hub.card import Facts, model_card
    from hiervox.models.base.hub.names import hub_name
    from hiervox.models.base.pipelines.bundle import resolve_bundle

    on_hub = hub_name(name, bare=True)
    if on_hub is None:
        raise ConfigError(f"{name!r} is no name on the Hub", "give OWNER/NAME or OWNER/NAME@BRANCH")
    folder = resolve_bundle(model)
    facts = Facts(
        licence=licence,
        languages=language or (),
        datasets=dataset or (),
        base_model=base_model,
        evaluation=evaluation,
        system=system,
        test_set=test_set,
    )
    card = model_card(folder, on_hub, facts)
    if card_only:
        typer.echo(str(card).rstrip("\n"))
        return
    from hiervox.models.base.hub.publishing import publish

    typer.echo(publish(folder, on_hub, card, private, message))


VERB = Verb("push", push, panel=INSTALLATION, rank=8)
