"""`hiervox prepare`: a table of recordings becomes a cut manifest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from hiervox.bins.tables import JsonOption, echo_json
from hiervox.bins.verbs import DATA, Verb
from hiervox.utils.outputs import check_outputs


def prepare(
    table: Annotated[
        Path,
        typer.Option(
            help="CSV, TSV or JSONL (audio,text,speaker,language), LJSpeech's table, or a Kaldi folder."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for cuts.jsonl.gz.")],
    language: Annotated[
        str, typer.Option(help="espeak's name of the language of rows that name none.")
    ] = "en-us",
    speaker: Annotated[
        str | None, typer.Option(help="Who speaks in rows that name nobody, as in LJSpeech's table.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace that file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read a table of recordings into a cut manifest.

    \b
    Examples:
      hiervox prepare --table corpus.csv --out data
      hiervox prepare --table metadata.csv --speaker anna --out data
    """
    from hiervox.models.base.data.corpus import corpus_trees, files_of_corpus
    from hiervox.models.base.data.manifest import CUTS_NAME, write_trees

    manifest = out / CUTS_NAME
    check_outputs([manifest], overwrite, inputs=files_of_corpus(table, language))
    durations: list[float] = []
    write_trees(_timed(corpus_trees(table, language, speaker), durations), manifest)
    seconds, unreadable = sum(durations), durations.count(0)
    if as_json:
        found = {"utterances": len(durations), "seconds": seconds, "unreadable": unreadable}
        echo_json({**found, "cuts": str(manifest)})
        return
    typer.echo(f"{len(durations)} utterances, {seconds / 60:.1f} min: {manifest}")
    if unreadable:
        typer.echo(f"{unreadable} files can't be read; `hiervox validate` names them")


def _timed(trees: Iterable[dict[str, Any]], durations: list[float]) -> Iterator[dict[str, Any]]:
    """The cuts, whose lengths are noted as they pass."""
    for tree in trees:
        durations.append(tree["duration"])
        yield tree


VERB = Verb("prepare", prepare, panel=DATA, rank=1)
