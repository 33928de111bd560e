"""Models on the Hugging Face Hub become folders on this machine, in the Hub's own cache."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from hiervox.models.base.checkpoints.checkpoint import WEIGHTS_NAME
from hiervox.models.base.hub.cache import is_as_announced
from hiervox.models.base.hub.names import HubName
from hiervox.models.base.hub.wanted import UNWANTED, WANTED
from hiervox.processors.semantic.hub import hub_reachable
from hiervox.utils.errors import CheckpointError, DependencyError, reason
from hiervox.utils.logging import get_logger
from hiervox.utils.network import is_offline

_log = get_logger("hub")


def fetched_from_hub(name: HubName) -> Path:
    """The folder of a model, copied where that version is not here; a copy that was cut short goes on.

    The Hub is asked which commit a branch is at. Where it can't be reached, what is in the cache is used.
    Files that were just copied are compared with the Hub's checksums.

    Raises:
        DependencyError: it is not here and can't be had: no network, no such model, no permission.
        CheckpointError: a file came damaged, which is removed; or the repository holds no model.
    """
    if is_offline():
        folder = _kept(name, "no network is asked", "leave out --offline")
    elif not hub_reachable():
        folder = _kept(name, "the Hugging Face Hub can't be reached", "fetch it once with a network")
        _log.info("the Hugging Face Hub can't be reached: %s is used as it was last copied", name)
    else:
        folder = _download(name)
    if not any(folder.rglob(WEIGHTS_NAME)):
        raise CheckpointError(f"{name} holds no model", f"name a repository with {WEIGHTS_NAME}")
    return folder


def _options(name: HubName) -> dict[str, Any]:
    return {
        "repo_id": name.repo,
        "revision": name.revision,
        "allow_patterns": list(WANTED),
        "ignore_patterns": list(UNWANTED),
        "library_name": "hiervox",
    }


def _kept(name: HubName, why: str, hint: str) -> Path:
    """What is in the cache."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(**_options(name), local_files_only=True))
    except (LocalEntryNotFoundError, FileNotFoundError) as error:
        raise DependencyError(f"{name} is not on this machine, and {why}", hint) from error


def _download(name: HubName) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    begun = time.time()
    try:
        folder = Path(snapshot_download(**_options(name)))
    except GatedRepoError as error:
        raise DependencyError(
            f"no permission to read {name}",
            "accept its terms on the Hub, then `hf auth login` or set HF_TOKEN",
        ) from error
    except RepositoryNotFoundError as error:  # the Hub says the same of private ones
        raise DependencyError(
            f"the Hub has no {name.repo}, or you may not read it",
            "correct the name, or `hf auth login` or set HF_TOKEN",
        ) from error
    except RevisionNotFoundError as error:
        raise DependencyError(
            f"{name.repo} has no revision {name.revision}", "name a branch, a tag or a commit"
        ) from error
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise DependencyError(
            f"can't download {name} ({reason(error)})", "run it again: what has come is kept"
        ) from error
    _require_whole(name, folder, begun)
    return folder


def _require_whole(name: HubName, folder: Path, begun: float) -> None:
    """Compare what has come since `begun` with the checksums that it was announced with."""
    for file in sorted(folder.rglob("*")):
        blob = file.resolve()
        if blob.is_file() and blob.stat().st_mtime >= begun - 1 and not is_as_announced(blob):
            file.unlink()
            blob.unlink(missing_ok=True)
            raise CheckpointError(
                f"{file.relative_to(folder)} of {name} came damaged, and was removed", "run it again"
            )
