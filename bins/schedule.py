"""`hiervox schedule`: the best noise schedule of few steps for a diffusion network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.options import DeviceOption
from hiervox.bins.verbs import DATA, Verb


def schedule(
    model: Annotated[Path, typer.Option(help="Checkpoint or run folder of a diffusion network.")],
    cuts: Annotated[Path, typer.Option(help="Feature folder, as the network was trained on.")],
    out: Annotated[Path, typer.Option(help="Folder for the checkpoint with the schedule.")],
    steps: Annotated[int, typer.Option(min=1, help="Of the schedule.")] = 6,
    items: Annotated[int, typer.Option(min=1, help="Utterances of the dev set to compare with.")] = 4,
    tries: Annotated[int, typer.Option(min=1, help="Schedules to score.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="Of the noise and the tries.")] = 0,
    device: DeviceOption = "auto",
) -> None:
    """Search for the noise schedule whose log-mels come closest to those of recordings.

    \b
    Example:
      hiervox schedule --model exp/run --cuts features --steps 6 --out exp/six_steps
    """
    from hiervox.models.base.training.sampling import Search, find_schedule
    from hiervox.utils.device import choose_device

    search = Search(cuts, steps, items, tries, seed)
    found = find_schedule(model, search, out, choose_device(device))
    betas = ", ".join(f"{beta:.3g}" for beta in found.schedule.betas.tolist())
    typer.echo(f"log-mel distance {found.score:.3f}, evenly respaced {found.even_score:.3f}; betas {betas}")
    typer.echo(out)


VERB = Verb("schedule", schedule, panel=DATA, rank=7)
