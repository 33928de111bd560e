"""A run folder on object storage: a copy on this machine is trained in, and what is saved is copied there.

Of a checkpoint `model.safetensors` is copied last, and `last.json` after it: what has no weights is no
checkpoint, and is removed when the next one is saved.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Container, Iterable
from pathlib import PurePosixPath

from hiervox.models.base.checkpoints.checkpoint import CHECKPOINTS_NAME, LAST_NAME, STATE_NAME, WEIGHTS_NAME
from hiervox.models.base.checkpoints.remote import last_named
from hiervox.models.base.training.run_lock import LOCK_NAME
from hiervox.utils.errors import CheckpointError
from hiervox.utils.fetched import CHECKSUMS_NAME
from hiervox.utils.files import replacing_file, write_json
from hiervox.utils.storage import TRIES, Storage, hiervox_home

SAVING_TRIES = TRIES + 2
"""A run that can't save ends; so it is tried for two minutes."""
POINTER = f"{CHECKPOINTS_NAME}/{LAST_NAME}"


class RemoteRun:
    """A run folder at a URL, and its copy on this machine.

    Args:
        url: of the folder.

    Attributes:
        folder: the copy, in `runs` of $HIERVOX_HOME.
    """

    def __init__(self, url: str) -> None:
        self.storage = Storage(url, tries=SAVING_TRIES)
        self.folder = hiervox_home() / "runs" / hashlib.sha256(str(self.storage).encode()).hexdigest()[:16]
        self._sent: dict[str, tuple[int, int]] = {}

    def __str__(self) -> str:
        return str(self.storage)

    def names(self) -> set[str]:
        """Of what stands right below the URL."""
        return {PurePosixPath(name).parts[0] for name in self.storage.files()}

    def checkpoints(self) -> dict[str, list[str]]:
        """The files of each checkpoint, and of what is left of one, by the names of their folders."""
        found: dict[str, list[str]] = {}
        for name in self.storage.files():
            match PurePosixPath(name).parts:
                case (first, folder, _, *_) if first == CHECKPOINTS_NAME:
                    found.setdefault(folder, []).append(name)
        return found

    def last(self) -> str | None:
        """The checkpoint to go on from: the one that `last.json` names, else the newest whole one.

        Raises:
            DataError: the storage can't be read.
        """
        found = self.checkpoints()
        whole = [name for name, files in sorted(found.items()) if _weights(name) in files]
        named = None if self.storage.size(POINTER) is None else last_named(self.storage, POINTER)
        if named in whole:
            return named
        resumable = [name for name in whole if f"{CHECKPOINTS_NAME}/{name}/{CHECKSUMS_NAME}" in found[name]]
        return max(resumable, default=None)

    def fetch(self, with_notes: bool = True) -> None:
        """Make the copy stand where the last checkpoint does.

        Args:
            with_notes: whether to copy the config, the metrics and the like, too.

        Raises:
            CheckpointError: there is none.
            DataError: it can't be read.
        """
        last = self.last()
        if last is None:
            raise CheckpointError(f"nothing to resume in {self}", "leave --resume out to start a run")
        for folder in (self.folder / CHECKPOINTS_NAME).glob("*"):
            if folder.is_dir() and folder.name != last:
                shutil.rmtree(folder)
        for name, stored in self.storage.files().items():
            top, *below = PurePosixPath(name).parts
            is_note = top != CHECKPOINTS_NAME
            if (is_note and with_notes) or below[:1] == [last]:
                place = self.folder / name
                if is_note or not place.is_file() or place.stat().st_size != stored.bytes:
                    self._fetch(name)
        if not self._has_same_checksums(last):
            for name in self.checkpoints()[last]:
                self._fetch(name)
        write_json(self.folder / POINTER, {"folder": last})

    def _has_same_checksums(self, checkpoint: str) -> bool:
        name = f"{CHECKPOINTS_NAME}/{checkpoint}/{CHECKSUMS_NAME}"
        return (self.folder / name).is_file() and (self.folder / name).read_bytes() == self.storage.read(name)

    def _fetch(self, name: str) -> None:
        with replacing_file(self.folder / name) as temporary:
            self.storage.fetch(name, temporary)

    def send_notes(self) -> None:
        """Copy the config, the metrics and the like, as far as they have changed.

        Raises:
            DataError: they can't be written.
        """
        for file in sorted(self.folder.rglob("*")):
            name = file.relative_to(self.folder)
            if file.is_file() and name.parts[0] not in (CHECKPOINTS_NAME, LOCK_NAME) and file.name[0] != ".":
                status = file.stat()
                version = (status.st_size, status.st_mtime_ns)
                if self._sent.get(str(name)) != version:
                    self.storage.write(name.as_posix(), file)
                    self._sent[str(name)] = version

    def send(self, checkpoint: str) -> None:
        """Copy a checkpoint, and make it the last one.

        Raises:
            DataError: it can't be written.
        """
        self.storage.remove(_weights(checkpoint))  # of a run that came here before
        files = [file for file in (self.folder / CHECKPOINTS_NAME / checkpoint).rglob("*") if file.is_file()]
        for file in sorted(files, key=lambda file: (file.name == WEIGHTS_NAME, file)):
            self.storage.write(file.relative_to(self.folder).as_posix(), file)
        self.storage.write(POINTER, self.folder / POINTER)

    def prune(self, outdated: Iterable[str], best: Container[str]) -> None:
        """Remove checkpoints, or the state alone of those that are among the best, and what is left of some.

        Raises:
            DataError: a file can't be removed.
        """
        found = self.checkpoints()
        broken = {name for name, files in found.items() if _weights(name) not in files}
        for name in {*outdated} | broken:
            is_kept = name in best and name not in broken
            for file in sorted(found.get(name, ()), key=lambda file: file != _weights(name)):
                if not is_kept or _is_of_state(file):
                    self.storage.remove(file)

    def clear(self) -> None:
        """Empty the copy, but for its lock: what stands in it is of a run that is no more."""
        for path in self.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK_NAME:
                path.unlink()


def _weights(checkpoint: str) -> str:
    return f"{CHECKPOINTS_NAME}/{checkpoint}/{WEIGHTS_NAME}"


def _is_of_state(file: str) -> bool:
    _, _, *below = PurePosixPath(file).parts
    return below[0] in (STATE_NAME, CHECKSUMS_NAME)
