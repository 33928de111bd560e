"""Verbs that take several recordings: which file each goes to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from hiervox.utils.errors import ConfigError

OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="The sound file, for one recording.")]
OutDirOption = Annotated[
    Path | None, typer.Option(help="Folder for several recordings: IN.wav becomes IN.wav there.")
]
SkipExistingOption = Annotated[
    bool, typer.Option("--skip-existing", help="Leave sounds alone whose records say the same request.")
]


def targets_of(recordings: Sequence[Path], out: Path | None, out_dir: Path | None) -> dict[Path, Path]:
    """Sound file → recording.

    Raises:
        ConfigError: none or both of the options, or one file for several recordings.
    """
    if (out is None) == (out_dir is None):
        raise ConfigError("where to write is not clear", "give --out for one recording, or --out-dir")
    if out is not None:
        if len(recordings) > 1:
            raise ConfigError(f"{len(recordings)} recordings make as many files", "give --out-dir")
        return {out: recordings[0]}
    assert out_dir is not None
    targets: dict[Path, Path] = {}
    for recording in recordings:
        target = out_dir / f"{recording.stem}.wav"
        if target in targets:
            raise ConfigError(
                f"{targets[target]} and {recording} would both become {target}", "rename one of them"
            )
        targets[target] = recording
    return targets
