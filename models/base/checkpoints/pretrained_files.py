"""The files of pretrained networks: found, downloaded, and checked before anyone reads them."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from hiervox.models.base.checkpoints.pretrained import (
    ArchiveSource,
    HubSource,
    PackageSource,
    Pretrained,
    PretrainedFile,
    Source,
)
from hiervox.models.base.checkpoints.pretrained_archives import download_members
from hiervox.models.base.hub.cache import Announced, announced
from hiervox.processors.semantic.hub import hub_reachable
from hiervox.utils.checksums import file_digest
from hiervox.utils.errors import CheckpointError, DependencyError
from hiervox.utils.network import OFFLINE_VARIABLE, is_offline
from hiervox.utils.storage import hiervox_home

Proof = Literal["sha256", "the Hub's checksum", "size", "nothing"]
Files = dict[PretrainedFile, Path]


def find(entry: Pretrained) -> Files | None:
    """The files where the Hub's cache, a package or a download has them; None where one is missing.

    Asks no network.
    """
    found = {file: _find(entry, entry.source, file) for file in entry.files}
    return {file: path for file, path in found.items() if path is not None} if all(found.values()) else None


def fetch(entry: Pretrained, offline: bool = False, again: bool = False) -> Files:
    """The files, downloaded where they are not here; an interrupted download goes on where it stopped.

    Args:
        entry: which.
        offline: ask no network. HF_HUB_OFFLINE=1 does the same.
        again: download even what is here, such as a corrupt file.

    Raises:
        DependencyError: not here, and not to be had: offline, no network, no such file, or pip's business.
        CheckpointError: a file is corrupt; it is named.
    """
    if isinstance(entry.source, PackageSource):
        files = find(entry)
        if files is None:
            raise DependencyError(f"{entry.source.distribution} is not installed", entry.source.install)
    elif isinstance(entry.source, ArchiveSource):
        files = _from_archives(entry, entry.source, offline, again)
    else:
        files = {file: _from_hub(entry, entry.source, file, offline, again) for file in entry.files}
    check(entry, files)
    return files


def local_files(entry: Pretrained, folder: Path) -> Files:
    """The files that a user has put into a folder, under the names that they are published with.

    Raises:
        CheckpointError: one is missing.
    """
    files: Files = {}
    for file in entry.files:
        places = [folder / file.path, folder / file.name]
        found = next((place for place in places if place.is_file()), None)
        if found is None:
            raise CheckpointError(f"{folder} has no {file.name}", f"get it from {entry.page}")
        files[file] = found
    return files


def check(entry: Pretrained, files: Files) -> dict[PretrainedFile, Proof]:
    """Compare files with what is known of them.

    Returns:
        What each could be compared with: its sha256, else the checksum in the Hub's cache, else its size.

    Raises:
        CheckpointError: one is corrupt or of another version; names the file and how it differs.
    """
    return {file: _check(entry, file, path) for file, path in files.items()}


def _check(entry: Pretrained, file: PretrainedFile, path: Path) -> Proof:
    size = path.stat().st_size
    if file.size is not None and size != file.size:
        raise CheckpointError(f"{path} has {size} bytes instead of {file.size}", _get_again(entry))
    if size == 0:
        raise CheckpointError(f"{path} is empty", _get_again(entry))
    if file.sha256 is not None:
        _compare(entry, path, Announced("sha256", hashlib.sha256(), file.sha256))
        return "sha256"
    known = announced(path)
    if known is not None:
        _compare(entry, path, known)
        return "the Hub's checksum"
    return "nothing" if file.size is None else "size"


def _compare(entry: Pretrained, path: Path, known: Announced) -> None:
    found = file_digest(path, known.digest)
    if found != known.wanted:
        raise CheckpointError(
            f"{path} is corrupt: its {known.kind} is {found[:12]}… instead of {known.wanted[:12]}…",
            _get_again(entry),
        )


def _get_again(entry: Pretrained) -> str:
    if isinstance(entry.source, PackageSource):
        return f"install it again: {entry.source.install}"
    return f"get it again with `hiervox pretrained fetch {entry.name} --again`, or from {entry.page}"


def _kept(entry: Pretrained) -> Path:
    """Where members of archives are kept."""
    return hiervox_home() / "pretrained" / entry.name


def _from_archives(entry: Pretrained, source: ArchiveSource, offline: bool, again: bool) -> Files:
    files = find(entry)
    if files is None or again:
        if offline:
            missing = f"{entry.name} is not on this machine, and --offline asks no network"
            raise DependencyError(missing, "fetch it once with a network")
        download_members(source, _kept(entry), entry.page)
        files = {file: _kept(entry) / file.path for file in entry.files}
    return files


def _find(entry: Pretrained, source: Source, file: PretrainedFile) -> Path | None:
    if isinstance(source, ArchiveSource):
        kept = _kept(entry) / file.path
        return kept if kept.is_file() else None
    if isinstance(source, PackageSource):
        spec = find_spec(source.module)
        path = None if spec is None or spec.origin is None else Path(spec.origin).parent / file.path
        return path if path is not None and path.is_file() else None
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(
        source.repo, file.path, revision=source.revision, repo_type=source.repo_type
    )
    return Path(cached) if isinstance(cached, str) else None


def _from_hub(entry: Pretrained, source: HubSource, file: PretrainedFile, offline: bool, again: bool) -> Path:
    cached = _find(entry, source, file)
    if cached is not None and not again:
        return cached
    missing = f"{file.path} of {source.repo} is not on this machine"
    instead = f"fetch it once with a network, or put the files of {entry.page} into a folder"
    if offline:
        raise DependencyError(f"{missing}, and --offline asks no network", instead)
    if is_offline():
        raise DependencyError(f"{missing}, and {OFFLINE_VARIABLE} is set", instead)
    if not hub_reachable():
        raise DependencyError(f"{missing}, and the Hugging Face Hub can't be reached", instead)
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return Path(
            hf_hub_download(
                source.repo,
                file.path,
                revision=source.revision,
                repo_type=source.repo_type,
                force_download=again,
            )
        )
    except (HfHubHTTPError, OSError, ValueError) as error:  # no such file, no right to it, a lost connection
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DependencyError(f"can't download {file.path} of {source.repo} ({reason})", instead) from error
