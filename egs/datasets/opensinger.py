"""OpenSinger (ACM MM 2021): 50 hours of 66 singers in Mandarin at 24 kHz (CC BY-NC-SA 4.0)."""

from __future__ import annotations

from pathlib import Path

from manifests import corpus_folder, hold_out, only_by_hand, recorded, require_folder, to_cuts, write

SAMPLE_RATE = 24_000
LANGUAGE = "cmn"
SIDES = ("ManRaw", "WomanRaw")


def download(folder: Path) -> None:
    """Say where the corpus comes from, where it is not there.

    Raises:
        DataError: it is not there.
    """
    only_by_hand(folder / "OpenSinger", "OpenSinger", "fetch it from its authors' page")


def prepare(folder: Path, out: Path, *, test_speakers: int = 4) -> None:
    """Write the manifests; `test_speakers` singers are not trained on.

    Raises:
        DataError: the corpus is not there, or has too few singers.
    """
    root = corpus_folder(folder, "OpenSinger")
    given = []
    for side in SIDES:
        require_folder(root / side)
        # such as ManRaw/12_a song/12_a song_3.wav, with its lyrics beside it
        for wav in sorted((root / side).glob("*/*.wav")):
            singer = f"{side.removesuffix('Raw').lower()}{wav.parent.name.partition('_')[0]}"
            lyrics = wav.with_suffix(".txt")
            text = lyrics.read_text(encoding="utf-8").strip() if lyrics.is_file() else ""
            given.append(recorded(wav, f"{side}_{wav.stem}", singer, text, LANGUAGE))
    cuts = to_cuts(given, LANGUAGE)
    for name, own in zip(("train", "test"), hold_out(cuts, test_speakers), strict=True):
        write(own, out / name)
