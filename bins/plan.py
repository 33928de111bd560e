"""`hiervox plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.options import OverridesOption
from hiervox.bins.verbs import DATA, Verb


def plan(
    config: Annotated[Path, typer.Argument(help="Config of the part that is to be trained.")],
    hours: Annotated[float, typer.Option(min=0.01, help="Of speech.")],
    gpus: Annotated[int, typer.Option(min=1, help="Processes, each with a device of its own.")] = 1,
    step: Annotated[
        Path | None,
        typer.Option(
            help="A timed step: FILE of `hiervox benchmark SYSTEM --train --config CONFIG --json FILE`."
        ),
    ] = None,
    sample: Annotated[
        Path | None,
        typer.Option(help="A feature folder that `hiervox extract` made of a part of the corpus."),
    ] = None,
    extraction_speed: Annotated[
        float | None,
        typer.Option(min=0.001, help="Times real time of one process, as `hiervox extract` says at its end."),
    ] = None,
    utterance: Annotated[
        float, typer.Option(min=0.1, help="Without --sample: seconds of an utterance.")
    ] = 6.0,
    overrides: OverridesOption = None,
) -> None:
    """Say how many steps, how much storage and how many hours a training on a large corpus takes.

    Hours are computed from what was measured; what was not is left out.

    \b
    Examples:
      hiervox plan synthesizer.json5 --hours 2796 --gpus 8
      hiervox plan synthesizer.json5 --hours 2796 --gpus 8 --step step.json --sample features
    """
    from hiervox.models.base.benchmark import cost
    from hiervox.models.base.benchmark.report import markdown
    from hiervox.models.base.training.experiment import load_experiment

    experiment = load_experiment(config, overrides or ())
    figures = cost.plan(
        experiment,
        hours,
        gpus,
        utterance,
        None if step is None else cost.StepTime.read(step, experiment),
        None if sample is None else cost.Sample.read(sample),
        extraction_speed,
    )
    rows = [("figure", "value", "rests on"), *((one.name, one.value, one.rests_on) for one in figures)]
    typer.echo(markdown(rows))


VERB = Verb("plan", plan, panel=DATA, rank=10)
