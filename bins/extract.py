"""`hiervox extract`: what is expensive to compute, computed once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.options import DeviceOption, OverridesOption, RayOption
from hiervox.bins.verbs import DATA, Verb
from hiervox.models.base.data.processes import LocalLauncher, extraction_context
from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    from hiervox.utils.blocks import Launcher


def extract(
    cuts: Annotated[Path, typer.Option(help="Cut manifest, or its folder.")],
    out: Annotated[Path, typer.Option(help="The feature folder; a run that was stopped goes on in it.")],
    config: Annotated[
        list[Path],
        typer.Option(help="Config of a part that is to be trained on the folder. May be repeated."),
    ],
    overrides: OverridesOption = None,
    predicted_by: Annotated[
        str | None,
        typer.Option(
            help="An acoustic model, name or folder: store the mels or semantic vectors that it predicts for "
            "the recordings' own durations; training's features.predicted_by is then the same."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes; each holds the networks.")] = 1,
    shard: Annotated[
        str | None,
        typer.Option(help="0/2 does the first half, 1/2 the second; `accelerate launch` shares by itself."),
    ] = None,
    ray: RayOption = None,
    device: DeviceOption = "auto",
) -> None:
    """Compute what the batches of a part hold and what is expensive to compute, for every cut of a manifest.

    Where a config has a `text` section, texts in other languages are refused, and tokens count its symbols.

    \b
    Examples:
      hiervox extract --cuts data --config synthesizer.json5 --out features
      hiervox extract --cuts aligned --config vocoder.json5 --predicted-by exp/acoustic --out predicted
    """
    if ray is not None and (jobs > 1 or shard is not None):
        raise ConfigError("--ray shares the work by itself", "leave --jobs and --shard out")
    if jobs > 1:
        extraction_context(device)  # begins to import what this process is about to import, too
    from hiervox.models.base.data.extraction import FAILURES_NAME, Shard, extract
    from hiervox.models.base.data.plan import load_plan
    from hiervox.utils.blocks import told_again
    from hiervox.utils.device import device_of_process
    from hiervox.utils.ray_launcher import RayLauncher

    assignments = list(overrides or ())
    if predicted_by is not None:
        assignments.append(f"features.predicted_by={json.dumps(predicted_by)}")
    fields, setup = load_plan(config, assignments)
    if predicted_by is not None and not any(name.startswith("predicted_") for name in fields):
        raise ConfigError(
            f"what {config[0]} trains reads nothing that is predicted",
            "name the config of a vocoder or the like",
        )
    chosen = None if shard is None else Shard.parse(shard)
    launcher: Launcher
    if ray is not None:
        launcher = RayLauncher(ray, device)
    else:
        launcher = LocalLauncher(str(device_of_process(device)), jobs)
    result = extract(cuts, out, fields, setup, launcher, chosen)
    speed = "" if result.speed is None else f"; {result.speed:.3g} times real time"
    typer.echo(f"{result.cuts} utterances have features ({result.seconds / 60:.1f} min{speed}): {out}")
    if result.failures:
        typer.echo(f"{len(result.failures)} failed: {out / FAILURES_NAME}")
    if result.missing:
        typer.echo(f"{result.missing} blocks are left to other shards")
    if again := told_again(result.redone):
        typer.echo(again)


VERB = Verb("extract", extract, panel=DATA, rank=5)
