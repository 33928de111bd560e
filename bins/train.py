"""`hiervox train`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.options import ConfigOption, DeviceOption, OverridesOption
from hiervox.bins.verbs import DATA, Verb


def train(
    config: ConfigOption,
    overrides: OverridesOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the run in the config's out_dir.")
    ] = False,
    allow_change: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="With --resume: a key or section that may differ. May be repeated."),
    ] = None,
    init_from: Annotated[
        Path | None, typer.Option(help="Start a new run from this checkpoint's weights (fine-tuning).")
    ] = None,
    device: DeviceOption = "auto",
) -> None:
    """Train the part of a system that the config names.

    \b
    Examples:
      hiervox train --config model.json5 --set train.batch_size=8
      hiervox train --config model.json5 --resume
    """
    from hiervox.models.base.training.experiment import build_task, load_experiment
    from hiervox.models.base.training.loop import train as run

    run(
        build_task(load_experiment(config, overrides or ())),
        device,
        resume=resume,
        init_from=init_from,
        allow_change=allow_change or (),
        resume_command=_resume_command(config, overrides or (), device),
    )


def _resume_command(config: Path, overrides: Sequence[str], device: str) -> str:
    settings = [word for override in overrides for word in ("--set", override)]
    chosen = [] if device == "auto" else ["--device", device]
    return shlex.join(["hiervox", "train", "--config", str(config), *settings, *chosen, "--resume"])


VERB = Verb("train", train, panel=DATA, rank=6)
