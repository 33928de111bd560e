"""Models at URLs: which files of a bundle, a run or a checkpoint are copied to this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from hiervox.models.base.checkpoints.checkpoint import (
    CHECKPOINTS_NAME,
    LAST_NAME,
    STATE_NAME,
    WEIGHTS_NAME,
)
from hiervox.utils.errors import CheckpointError
from hiervox.utils.fetched import fetched_folder
from hiervox.utils.json_files import parse_json
from hiervox.utils.storage import Storage, Stored


def fetched_model(url: str, with_state: bool = False) -> Path:
    """The copy of a model on this machine.

    Of a run only its last checkpoint is copied; of checkpoints not what resuming alone needs.

    Args:
        url: of a bundle, a run or a checkpoint.
        with_state: whether to copy the weights of further networks, too.

    Raises:
        CheckpointError: there is no model.
        DataError, ConfigError: as `fetched_folder`.
    """
    return fetched_folder(url, lambda storage, files: _files_of_model(storage, files, with_state))


def _files_of_model(storage: Storage, files: Mapping[str, Stored], with_state: bool) -> set[str]:
    pointer = f"{CHECKPOINTS_NAME}/{LAST_NAME}"
    kept = set(files)
    for name in files:
        if name == pointer or name.endswith(f"/{pointer}"):
            run = name.removesuffix(pointer)
            last = f"{run}{CHECKPOINTS_NAME}/{last_named(storage, name)}/"
            kept -= {other for other in kept if other.startswith(run) and not other.startswith(last)} - {name}
    if not with_state:
        kept = {name for name in kept if STATE_NAME not in PurePosixPath(name).parts[:-1]}
    if not any(PurePosixPath(name).name == WEIGHTS_NAME for name in kept):
        raise CheckpointError(f"no model at {storage}", f"name a folder with {WEIGHTS_NAME}")
    return kept


def last_named(storage: Storage, pointer: str) -> str | None:
    """The folder that a `last.json` names; None where it is broken.

    Raises:
        DataError: it can't be read.
    """
    try:
        return str(parse_json(storage.read(pointer).decode())["folder"])
    except (ValueError, KeyError, TypeError):
        return None
