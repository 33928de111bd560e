"""`hiervox convert`: published weights become a checkpoint of this toolkit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def convert(
    system: Annotated[str, typer.Option(help="As `hiervox systems` lists it, such as hierspeechpp.")],
    part: Annotated[str, typer.Option(help="Which network of it, such as synthesizer.")],
    checkpoint: Annotated[Path, typer.Option(help="The authors' file (.pth or .safetensors).")],
    config: Annotated[Path, typer.Option(help="The authors' config.json beside it.")],
    out: Annotated[Path, typer.Option(help="Folder for model.safetensors and config.json.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a converted checkpoint.")] = False,
) -> None:
    """Turn a checkpoint that a system's authors published into one that every other verb takes."""
    from models.base.conversion import convert_published

    weights = convert_published(system, part, checkpoint, config, out, overwrite)
    typer.echo(f"{weights / 1e6:.2f} M weights: {out}")
