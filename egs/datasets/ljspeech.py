"""LJ Speech by lhotse's recipe: 24 hours of one reader at 22.05 kHz (public domain)."""

from __future__ import annotations

from pathlib import Path

from manifests import corpus_folder, require_folder, write

from hiervox.models.base.data.corpus import iterate_corpus
from hiervox.utils.errors import DataError

NAME = "LJSpeech-1.1"
TEST_SENTENCES = 100


def download(folder: Path) -> None:
    """Fetch the corpus where it is not there."""
    from lhotse.recipes.ljspeech import download_ljspeech

    if not (folder / NAME / "metadata.csv").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        download_ljspeech(folder)


def prepare(folder: Path, out: Path) -> None:
    """Write the manifests; the last hundred sentences, of the normalised texts, are for testing.

    Raises:
        DataError: the corpus is not there, or has no more sentences than that.
    """
    root = corpus_folder(folder, NAME)
    require_folder(root)
    cuts = list(iterate_corpus(root / "metadata.csv"))
    if len(cuts) <= TEST_SENTENCES:
        raise DataError(f"{root} has {len(cuts)} sentences", "look whether its archive was unpacked whole")
    write(cuts[:-TEST_SENTENCES], out / "train")
    write(cuts[-TEST_SENTENCES:], out / "test")
