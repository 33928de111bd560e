"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[Path, typer.Option("--config", help="A JSON5 config file.")]
OverridesOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="Override one key, as in train.batch_size=8. May be repeated."),
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 …")]
