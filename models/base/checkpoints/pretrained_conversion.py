"""The files of a pretrained network become a checkpoint folder of ours."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hiervox.models.base.checkpoints.conversion import convert_published
from hiervox.models.base.checkpoints.pretrained import Pretrained
from hiervox.models.base.checkpoints.pretrained_files import Files
from hiervox.utils.registry import resolve
from hiervox.utils.storage import hiervox_home


def convert_pretrained(
    entry: Pretrained, files: Files, out: Path, overwrite: bool = False, state: Path | None = None
) -> int:
    """Write checked files of an entry of a system as a folder that `load_network` reads.

    Args:
        entry: which.
        files: its own.
        out, overwrite, state: as `convert_published` has them.

    Returns:
        The number of weights.

    Raises:
        ConfigError, CheckpointError, DependencyError: as `convert_published` and the entry's reader.
    """
    assert entry.system is not None and entry.part is not None
    if entry.reader is None:
        assert entry.published_config is not None
        checkpoint, config = files[entry.files[0]], files[entry.published_config]
        return convert_published(entry.system, entry.part, checkpoint, config, out, overwrite, state)
    with tempfile.TemporaryDirectory() as staging:
        by_name = {file.name: path for file, path in files.items()}
        checkpoint, config = resolve(entry.reader)(by_name, Path(staging))
        return convert_published(entry.system, entry.part, checkpoint, config, out, overwrite, state)


def install(entry: Pretrained, files: Files) -> Path:
    """Convert an entry to a model that `--model NAME` finds, in place of one that is there; its folder.

    Raises:
        ConfigError, CheckpointError, DependencyError: as `convert_pretrained`.
    """
    out = hiervox_home() / "models" / entry.name
    convert_pretrained(entry, files, out, overwrite=True)
    return out
