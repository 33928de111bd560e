"""`hiervox listening`: listening tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from hiervox.bins.verbs import EVALUATION, Verb
from hiervox.utils.errors import ConfigError
from hiervox.utils.outputs import check_outputs

KEY_SUFFIX = ".key.json"

listening_app = typer.Typer(
    help="Listening tests: a page that asks, and figures of the answers.", no_args_is_help=True
)


@listening_app.command()
def page(
    table: Annotated[Path, typer.Option(help="CSV, as `hiervox evaluate` reads it.")],
    out: Annotated[
        Path, typer.Option(help="The page, NAME.html; NAME.key.json beside it tells the systems.")
    ],
    kind: Annotated[
        Literal["mos", "smos", "ab", "mushra"],
        typer.Option(help="Rate naturalness, rate similarity to the prompt, prefer one of two, grade all."),
    ] = "mos",
    systems: Annotated[str, typer.Option(help="Which, by commas. Default: all.")] = "",
    sentences: Annotated[
        int | None, typer.Option(min=1, help="How many, drawn at random. Default: all.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the draw.")] = 0,
    players: Annotated[
        Literal["flac", "mp3"], typer.Option(help="How the page holds the recordings.")
    ] = "flac",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
) -> None:
    """Make the page of a listening test.

    \b
    Example:
      hiervox listening page --table table.csv --out test.html --kind ab --systems ours,theirs
    """
    from hiervox.evaluation.listening.design import design, key
    from hiervox.evaluation.listening.page import listening_page
    from hiervox.evaluation.table import files_of_rows, read_table
    from hiervox.utils.files import undone_on_failure, write_json, write_text

    if out.suffix != ".html":
        raise ConfigError(f"{out} is not a page's name", "name it NAME.html")
    key_file = out.with_suffix(KEY_SUFFIX)
    rows = read_table(table)
    check_outputs([out, key_file], overwrite, inputs=[table, *files_of_rows(rows)])
    names = [name.strip() for name in systems.split(",") if name.strip()]
    trials = design(rows, kind, names, sentences, seed)
    with undone_on_failure() as write:
        write(out, lambda path: write_text(path, listening_page(trials, kind, players)))
        write(key_file, lambda path: write_json(path, key(trials, kind)))
    typer.echo(f"{len(trials)} questions: {out}; keep {key_file} from the listeners")


@listening_app.command()
def score(
    answers: Annotated[list[Path], typer.Argument(help="The files that listeners saved.")],
    key: Annotated[Path, typer.Option(help="The .key.json beside the page.")],
    out: Annotated[Path, typer.Option(help="Folder for listening.md, listening.json and ratings.csv.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are not of an earlier scoring.")
    ] = False,
) -> None:
    """Turn answers into mean opinion scores or preferences with intervals.

    \b
    Example:
      hiervox listening score answers-*.json --key test.key.json --out results
    """
    from hiervox.evaluation.listening.summary import NAMES, is_summary, summarize_answers

    files = [out / name for name in NAMES]
    check_outputs(files, overwrite, inputs=[key, *answers], is_own=is_summary)
    typer.echo(summarize_answers(answers, key, out), nl=False)


VERB = Verb("listening", listening_app, panel=EVALUATION, rank=2)
