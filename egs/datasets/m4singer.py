"""M4Singer (NeurIPS 2022): 30 hours of 20 singers in Mandarin at 48 kHz (CC BY-NC-SA 4.0)."""

from __future__ import annotations

import json
from pathlib import Path

from manifests import corpus_folder, hold_out, only_by_hand, recorded, require_folder, to_cuts, write

from hiervox.utils.errors import DataError

SAMPLE_RATE = 48_000
LANGUAGE = "cmn"


def download(folder: Path) -> None:
    """Say where the corpus comes from, where it is not there.

    Raises:
        DataError: it is not there.
    """
    only_by_hand(folder / "m4singer", "M4Singer", "ask its authors for it")


def prepare(folder: Path, out: Path, *, test_speakers: int = 2) -> None:
    """Write the manifests; `test_speakers` singers are not trained on.

    Raises:
        DataError: the corpus is not there or not whole, or has too few singers.
    """
    root = corpus_folder(folder, "m4singer")
    require_folder(root)
    table = root / "meta.json"
    if not table.is_file():
        raise DataError(f"no table {table}", "unpack the corpus whole")
    given = []
    for row in json.loads(table.read_text(encoding="utf-8")):
        singer, song, number = row["item_name"].split("#")  # Alto-1#a song#0003
        place = root / f"{singer}#{song}" / f"{number}.wav"
        given.append(recorded(place, f"{singer}_{song}_{number}", singer, row["txt"], LANGUAGE))
    cuts = to_cuts(given, LANGUAGE)
    for side, own in zip(("train", "test"), hold_out(cuts, test_speakers), strict=True):
        write(own, out / side)
