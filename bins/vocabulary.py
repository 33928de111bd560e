"""`hiervox vocabulary`: what a corpus needs of a text-to-vec model, compared with what that declares."""

from __future__ import annotations

import unicodedata
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.tables import JsonOption, echo_json
from hiervox.bins.verbs import DATA, Verb
from hiervox.utils.outputs import check_outputs


def vocabulary(
    cuts: Annotated[Path, typer.Option(help="Cut manifest, or its folder.")],
    init_from: Annotated[
        Path | None, typer.Option(help="The text-to-vec checkpoint to fine-tune; none for a new model.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write a JSON5 file for the training config to take as its base.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace that file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Name the languages and symbols of a corpus that a model lacks, before training.

    \b
    Example:
      hiervox vocabulary --cuts data --init-from my_model/text_to_vec --out vocabulary.json5
    """
    from hiervox.models.base.data.manifest import files_of_manifest, iterate_trees, manifest_file
    from hiervox.models.base.data.vocabulary import declared_text, survey, write_vocabulary

    check_outputs([out], overwrite, inputs=chain([init_from], files_of_manifest(cuts)))
    declared = declared_text(init_from)
    found = survey(iterate_trees(manifest_file(cuts)), declared)
    if out is not None:
        write_vocabulary(out, found.text, init_from, str(cuts))
    if as_json:
        echo_json(
            {
                "utterances": dict(found.languages.most_common()),
                "new_languages": [name for name in found.languages if name not in declared.languages],
                "new_symbols": dict(found.lacking.most_common()),
                "unspeakable": found.unspeakable,
                "symbols": len(declared.symbols),
            }
        )
        return
    for language, count in found.languages.most_common():
        new = "" if language in declared.languages else "  new"
        typer.echo(f"{count:>7} utterances in {language}{new}")
    for symbol, count in found.lacking.most_common():
        name = unicodedata.name(symbol, "without a name")
        shown = f"◌{symbol}" if unicodedata.combining(symbol) else symbol
        typer.echo(f"{count:>7} times {shown} U+{ord(symbol):04X} {name}  new")
    if found.unspeakable:
        typer.echo(f"{found.unspeakable:>7} utterances can't be spoken; `hiervox validate` names them")
    if not found.lacking:
        typer.echo(f"the model has all symbols ({len(declared.symbols)})")
    if out is not None:
        typer.echo(f"{len(found.text.languages)} languages, {len(found.text.symbols)} symbols: {out}")


VERB = Verb("vocabulary", vocabulary, panel=DATA, rank=3)
