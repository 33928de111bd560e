"""AudioCaps (Kim et al., NAACL 2019): ten seconds of sound with a caption each; the sounds are of AudioSet.

The captions are published as `train.csv`, `val.csv` and `test.csv`; the sounds have to be had elsewhere. Both
lie in one folder: `audiocaps/train.csv` beside `audiocaps/train/YOUTUBE_ID.wav` (or .flac; `YYOUTUBE_ID` is
found, too), and so for `test`.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from manifests import corpus_folder, only_by_hand
from table import prepare as prepare_table

from hiervox.utils.errors import DataError
from hiervox.utils.files import write_text

CAPTION, SOUND = "caption", "youtube_id"
SUFFIXES = (".wav", ".flac")


def download(folder: Path) -> None:
    """Nothing may be fetched.

    Raises:
        DataError: it is not there.
    """
    only_by_hand(corpus_folder(folder, "audiocaps"), "AudioCaps", "fetch its captions and AudioSet's sounds")


def prepare(
    folder: Path,
    out: Path,
    *,
    parts: tuple[str, ...] = ("train",),
    test_parts: tuple[str, ...] = ("test",),
) -> None:
    """Write the manifests. A sound that is not there is left out, and so are further captions of one.

    Args:
        folder: that holds `audiocaps`.
        out: gets `train` and `test`.
        parts, test_parts: to train on and to test with.

    Raises:
        DataError: no captions, or none whose sound is there.
    """
    own = corpus_folder(folder, "audiocaps")
    tables = {}
    for side, names in (("train", parts), ("test", test_parts)):
        tables[side] = out / f"{side}.csv"
        out.mkdir(parents=True, exist_ok=True)
        write_text(tables[side], _table(own, names))
    prepare_table(folder, out, table=str(tables["train"]), test=str(tables["test"]))


def _table(folder: Path, parts: tuple[str, ...]) -> str:
    """The rows of parts: sounds and captions."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["id", "audio", CAPTION])
    seen: set[str] = set()
    for part in parts:
        captions = folder / f"{part}.csv"
        if not captions.is_file():
            raise DataError(f"no captions {captions}", "put the published tables there")
        with captions.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                sound = _sound(folder / part, row[SOUND])
                if sound is not None and row[SOUND] not in seen:
                    seen.add(row[SOUND])
                    rows.writerow([f"{part}_{row[SOUND]}", sound.resolve(), row[CAPTION]])
    if not seen:
        raise DataError(f"no sounds of AudioCaps in {folder}", f"put {parts[0]}/YOUTUBE_ID.wav there")
    return text.getvalue()


def _sound(folder: Path, name: str) -> Path | None:
    """A sound file."""
    places = (folder / f"{start}{name}{suffix}" for start in ("", "Y") for suffix in SUFFIXES)
    return next((place for place in places if place.is_file()), None)
