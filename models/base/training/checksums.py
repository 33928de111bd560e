"""Checksums of a checkpoint, so that a run never goes on from another state than the one it saved."""

from __future__ import annotations

from pathlib import Path

from hiervox.models.base.checkpoints.checkpoint import read_json
from hiervox.utils.checksums import file_digest
from hiervox.utils.errors import CheckpointError
from hiervox.utils.fetched import CHECKSUMS_NAME
from hiervox.utils.files import write_json


def write_checksums(folder: Path) -> None:
    """Write the SHA-256 of every file below `folder` into its `checksums.json`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = {path.relative_to(folder).as_posix(): file_digest(path) for path in files}
    write_json(folder / CHECKSUMS_NAME, sums)


def require_unchanged(folder: Path) -> None:
    """Compare every file of a checkpoint with its checksum.

    Raises:
        CheckpointError: a file is missing, damaged or of another checkpoint.
    """
    if not (folder / CHECKSUMS_NAME).is_file():
        raise CheckpointError(
            f"{folder} has no {CHECKSUMS_NAME}, so its state can't be trusted",
            "restore the folder, or start a new run from its weights with --init-from",
        )
    for name, wanted in read_json(folder / CHECKSUMS_NAME).items():
        path = folder / name
        problem = "is missing" if not path.is_file() else "is not the file that was saved"
        if not path.is_file() or file_digest(path) != wanted:
            raise CheckpointError(
                f"{path} {problem}", f"restore it, or remove {folder} to resume from the checkpoint before"
            )
