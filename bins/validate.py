"""`hiervox validate`: bad recordings are named and set aside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def validate(
    cuts: Annotated[Path, typer.Option(help="Cut manifest, or its folder.")],
    out: Annotated[Path, typer.Option(help="Folder for cuts.jsonl.gz, quarantine.jsonl.gz and report.csv.")],
    max_seconds: Annotated[float, typer.Option(help="Longest utterance.")] = 30.0,
    min_seconds: Annotated[float, typer.Option(help="Shortest utterance.")] = 0.5,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    config: Annotated[
        Path | None, typer.Option(help="A config whose `text.symbols` the column `ipa` may use.")
    ] = None,
) -> None:
    """Name every bad recording with its reason, and write a manifest without them."""
    from hiervox.models.base.data.validation import REPORT_NAME, Limits, validate_cuts
    from hiervox.models.base.data.vocabulary import load_text_config

    text = None if config is None else load_text_config(config)
    limits = Limits(min_seconds=min_seconds, max_seconds=max_seconds)
    result = validate_cuts(cuts, out, limits, jobs, None if text is None else text.symbols)
    typer.echo(result.summary())
    typer.echo(f"report: {out / REPORT_NAME}")
