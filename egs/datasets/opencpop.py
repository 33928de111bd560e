"""Opencpop (arXiv 2201.07429): 5 hours of one singer in Mandarin at 44.1 kHz. It is given out on request."""

from __future__ import annotations

from pathlib import Path

from manifests import corpus_folder, only_by_hand, recorded, require_folder, to_cuts, write

from hiervox.utils.errors import DataError

SAMPLE_RATE = 44_100
SINGER, LANGUAGE = "opencpop", "cmn"


def download(folder: Path) -> None:
    """Say where the corpus comes from, where it is not there.

    Raises:
        DataError: it is not there.
    """
    only_by_hand(folder / "Opencpop", "Opencpop", "ask its authors for it")


def prepare(folder: Path, out: Path) -> None:
    """Write the manifests, with the published division.

    Raises:
        DataError: the corpus is not there, or not whole.
    """
    root = corpus_folder(folder, "Opencpop") / "segments"
    require_folder(root / "wavs")
    for side in ("train", "test"):
        lines = _lines(root / f"{side}.txt")
        given = [
            recorded(root / "wavs" / f"{name}.wav", name, SINGER, text, LANGUAGE) for name, text in lines
        ]
        write(to_cuts(given, LANGUAGE), out / side)


def _lines(table: Path) -> list[tuple[str, str]]:
    """Names and texts of a table whose columns `|` divides; the third to the last hold notes."""
    if not table.is_file():
        raise DataError(f"no table {table}", "unpack the corpus whole")
    rows = [line.split("|") for line in table.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [(row[0], row[1]) for row in rows]
