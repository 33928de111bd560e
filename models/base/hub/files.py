"""Which files a model is on the Hub: those that are fetched are those that are published."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

from hiervox.models.base.checkpoints.checkpoint import find_checkpoint
from hiervox.models.base.hub.wanted import CARD_NAME, UNWANTED, WANTED
from hiervox.models.base.pipelines.bundle import folders_in, is_checkpoint, parts_of
from hiervox.utils.errors import CheckpointError


def files_of_model(folder: Path) -> dict[str, Path]:
    """Name in the repository → file, of a bundle, a checkpoint or the last checkpoint of a run.

    Raises:
        CheckpointError: the folder holds no checkpoint, or a broken one.
        ConfigError: a system of it is not installed.
    """
    if not parts_of(folder):
        raise CheckpointError(
            f"{folder} holds no checkpoint", "name a checkpoint folder, or a folder of such folders"
        )
    if is_checkpoint(folder):
        return _wanted(find_checkpoint(folder)) | _card(folder)
    found = _card(folder)
    for inner in folders_in(folder):
        place = find_checkpoint(inner) if is_checkpoint(inner) else inner
        found |= {f"{inner.name}/{name}": file for name, file in _wanted(place).items()}
    return found


def _wanted(folder: Path) -> dict[str, Path]:
    names = {
        file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()
    }
    return {
        name: file
        for name, file in names.items()
        if any(fnmatch(name, pattern) for pattern in WANTED)
        and not any(fnmatch(name, pattern) for pattern in UNWANTED)
    }


def _card(folder: Path) -> dict[str, Path]:
    return {CARD_NAME: folder / CARD_NAME} if (folder / CARD_NAME).is_file() else {}
