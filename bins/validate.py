"""`hiervox validate`: bad recordings are named and set aside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.options import OverridesOption
from hiervox.bins.tables import JsonOption, echo_json
from hiervox.bins.verbs import DATA, Verb


def validate(
    cuts: Annotated[Path, typer.Option(help="Cut manifest, or its folder.")],
    out: Annotated[Path, typer.Option(help="Folder for cuts.jsonl.gz, quarantine.jsonl.gz and report.csv.")],
    max_seconds: Annotated[float, typer.Option(help="Longest utterance.")] = 30.0,
    min_seconds: Annotated[float, typer.Option(help="Shortest utterance.")] = 0.5,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    config: Annotated[
        list[Path] | None,
        typer.Option(
            help="Config of a part that is to be trained: what its features need is checked, instead of what "
            "speech needs. May be repeated."
        ),
    ] = None,
    overrides: OverridesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Name every bad recording with its reason, and write a manifest without them.

    \b
    Example:
      hiervox validate --cuts data --out valid
    """
    from hiervox.models.base.data.feature import Limits
    from hiervox.models.base.data.plan import SPEECH_FIELDS, load_plan
    from hiervox.models.base.data.setup import FeatureSetup
    from hiervox.models.base.data.validation import REPORT_NAME, validate_cuts

    fields, setup = load_plan(config, overrides or ()) if config else (SPEECH_FIELDS, FeatureSetup())
    limits = Limits(min_seconds=min_seconds, max_seconds=max_seconds)
    result = validate_cuts(cuts, out, limits, jobs, fields, setup)
    if as_json:
        found = {"good": result.good, "seconds": result.seconds, "set_aside": result.quarantined}
        echo_json({**found, "reasons": result.reasons, "report": str(out / REPORT_NAME)})
        return
    typer.echo(result.summary())
    typer.echo(f"report: {out / REPORT_NAME}")


VERB = Verb("validate", validate, panel=DATA, rank=2)
