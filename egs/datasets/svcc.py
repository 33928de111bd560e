"""The Singing Voice Conversion Challenge 2023: songs of two sources, songs or speech of four targets.

Lyrics are not given out with it. The sources, SF1 and SM1, are what is converted; the targets are trained on.
"""

from __future__ import annotations

from pathlib import Path

from manifests import corpus_folder, only_by_hand, recorded, require_folder, to_cuts, write

SAMPLE_RATE = 24_000
LANGUAGE = "en-us"
SOURCES = ("SF1", "SM1")


def download(folder: Path) -> None:
    """Say where the corpus comes from, where it is not there.

    Raises:
        DataError: it is not there.
    """
    only_by_hand(folder / "SVCC2023", "SVCC2023", "ask the challenge's organisers for it")


def prepare(folder: Path, out: Path) -> None:
    """Write the manifests: the targets to train on, the sources to test with.

    Raises:
        DataError: the corpus is not there, or lacks one of the two sides.
    """
    root = corpus_folder(folder, "SVCC2023") / "Data"
    require_folder(root)
    sides: tuple[list[Path], list[Path]] = ([], [])
    for wav in sorted(root.glob("*/*.wav")):  # such as Data/IDF1/10001.wav
        sides[wav.parent.name in SOURCES].append(wav)
    for name, own in zip(("train", "test"), sides, strict=True):
        given = (recorded(wav, f"{wav.parent.name}_{wav.stem}", wav.parent.name, "", LANGUAGE) for wav in own)
        write(to_cuts(given, LANGUAGE), out / name)
