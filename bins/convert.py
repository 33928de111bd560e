"""`hiervox convert`: published weights become a checkpoint of this toolkit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.verbs import INSTALLATION, Verb
from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    from hiervox.models.base.checkpoints.pretrained import Pretrained
    from hiervox.models.base.checkpoints.pretrained_files import Files


def convert(
    out: Annotated[Path, typer.Option(help="Folder for model.safetensors and config.json.")],
    pretrained: Annotated[
        str | None, typer.Option(help="As `hiervox pretrained list` names it; instead of the next four.")
    ] = None,
    system: Annotated[str | None, typer.Option(help="As `hiervox systems` lists it.")] = None,
    part: Annotated[str | None, typer.Option(help="Which network of it, such as synthesizer.")] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="The authors' file (.pth or .safetensors).")] = None,
    config: Annotated[
        Path | None, typer.Option(help="The authors' config.json beside it; some parts need none.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(help="The authors' file of discriminators, to fine-tune from (HiFi-GAN: do_*)."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where you put the files of --pretrained; else they are downloaded.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no network.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a converted checkpoint.")] = False,
) -> None:
    """Turn a checkpoint that a system's authors published into one that every other verb takes.

    \b
    Example:
      hiervox convert --pretrained NAME --out my_model/part
    """
    from hiervox.models.base.checkpoints.conversion import convert_published
    from hiervox.models.base.checkpoints.pretrained import get_pretrained
    from hiervox.models.base.checkpoints.pretrained_conversion import convert_pretrained

    named = (system, part, checkpoint, config)
    if pretrained is not None:
        if any(option is not None for option in named):
            raise ConfigError("--pretrained says system, part, checkpoint and config", "leave the others out")
        entry = get_pretrained(pretrained)
        if entry.system is None:
            raise ConfigError(f"{entry.name} needs no conversion", f"it is used as it is: {entry.usage}")
        weights = convert_pretrained(entry, _files(entry, folder, offline), out, overwrite, state)
    elif system is None or part is None or checkpoint is None:
        raise ConfigError(
            "which weights is not clear", "give --pretrained, or --system, --part, --checkpoint and --config"
        )
    else:
        weights = convert_published(system, part, checkpoint, config, out, overwrite, state)
    typer.echo(f"{weights / 1e6:.2f} M weights: {out}")


def _files(entry: Pretrained, folder: Path | None, offline: bool) -> Files:
    """The checked files of an entry."""
    from hiervox.models.base.checkpoints.pretrained_files import check, fetch, local_files

    if folder is None:
        return fetch(entry, offline)
    files = local_files(entry, folder)
    check(entry, files)
    return files


VERB = Verb("convert", convert, panel=INSTALLATION, rank=3)
