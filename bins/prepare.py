"""`hiervox prepare`: a table of recordings becomes a cut manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def prepare(
    table: Annotated[
        Path, typer.Option(help="CSV or JSONL (audio,text,speaker,language), or a Kaldi folder.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for cuts.jsonl.gz.")],
    language: Annotated[
        str, typer.Option(help="espeak's name of the language of rows that name none.")
    ] = "en-us",
) -> None:
    """Read a table of recordings into a cut manifest."""
    from hiervox.models.base.data.corpus import read_corpus
    from hiervox.models.base.data.manifest import CUTS_NAME, write_cuts

    cuts = read_corpus(table, language)
    write_cuts(cuts, out / CUTS_NAME)
    minutes = sum(cut.duration for cut in cuts) / 60
    typer.echo(f"{len(cuts)} utterances, {minutes:.1f} min: {out / CUTS_NAME}")
    unreadable = sum(cut.duration == 0 for cut in cuts)
    if unreadable:
        typer.echo(f"{unreadable} files can't be read; `hiervox validate` names them")
