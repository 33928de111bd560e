"""VCTK 0.92 by lhotse's recipe: 44 hours of 109 speakers at 48 kHz (CC BY 4.0)."""

from __future__ import annotations

import zipfile
from pathlib import Path

from manifests import corpus_folder, hold_out, pairs, require_folder, to_cuts, write

NAME = "VCTK-Corpus-0.92"
SAMPLE_RATE = 48_000
MICROPHONE = "mic1"  # speaker p280 has no second one


def download(folder: Path, *, base_url: str | None = None) -> None:
    """Fetch the corpus where it is not there.

    lhotse's own function expects the archive to hold one folder; that of version 0.92 holds none.
    """
    from lhotse.recipes.vctk import EDINBURGH_VCTK_URL
    from lhotse.utils import resumable_download

    target = folder / NAME
    if (target / "wav48_silence_trimmed").is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    name = EDINBURGH_VCTK_URL.rpartition("/")[2]
    archive = folder / name
    resumable_download(EDINBURGH_VCTK_URL if base_url is None else f"{base_url}/{name}", archive)
    temporary = folder / f".{target.name}"
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(temporary)
    inner = temporary / target.name
    (inner if inner.is_dir() else temporary).rename(target)
    if temporary.is_dir():
        temporary.rmdir()


def prepare(folder: Path, out: Path, *, test_speakers: int = 8) -> None:
    """Write the manifests; `test_speakers` voices are not trained on.

    Raises:
        DataError: the corpus is not there, or has too few speakers.
    """
    from lhotse.recipes.vctk import prepare_vctk

    root = corpus_folder(folder, NAME)
    for name in ("wav48_silence_trimmed", "txt"):
        require_folder(root / name)
    manifests = prepare_vctk(root, use_edinburgh_vctk_url=True, mic_id=MICROPHONE)
    cuts = to_cuts(pairs(manifests["recordings"], manifests["supervisions"]))
    for side, own in zip(("train", "test"), hold_out(cuts, test_speakers), strict=True):
        write(own, out / side)
