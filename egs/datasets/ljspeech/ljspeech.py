"""Fetch LJ Speech by lhotse's recipe, and write its sentences as tables to train on and to test with."""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path

from hiervox.utils.errors import DataError
from hiervox.utils.files import write_text

NAME = "LJSpeech-1.1"
TEST_SENTENCES = 100


def sentences(folder: Path) -> list[tuple[str, str]]:
    """Id and normalised text of each sentence, as the corpus lists them.

    Raises:
        DataError: the corpus is not there.
    """
    listing = folder / NAME / "metadata.csv"
    if not listing.is_file():
        raise DataError(f"no {listing}", "fetch the corpus: run.sh --stage 1 --stop-stage 1")
    lines = listing.read_text(encoding="utf-8").splitlines()
    return [(line.split("|")[0], line.split("|")[-1]) for line in lines if line.strip()]


def write_tables(folder: Path, out: Path) -> None:
    """`train.csv` for `hiervox prepare`, and `test.csv` with the last sentences and their recordings."""
    listed = sentences(folder)
    wavs = (folder / NAME / "wavs").resolve()
    train, test = listed[:-TEST_SENTENCES], listed[-TEST_SENTENCES:]
    _write(
        out / "train.csv",
        ("audio", "text", "speaker", "language"),
        [(str(wavs / f"{name}.wav"), text, "lj", "en-us") for name, text in train],
    )
    prompt = str(wavs / f"{train[0][0]}.wav")
    _write(
        out / "test.csv",
        ("id", "audio", "text", "prompt", "reference"),
        [(name, str(wavs / f"{name}.wav"), text, prompt, str(wavs / f"{name}.wav")) for name, text in test],
    )


def _write(path: Path, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_text(path, text.getvalue())


def main() -> None:
    """Parse, and fetch or write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("download", "tables"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.action == "download":
        from lhotse.recipes.ljspeech import download_ljspeech

        download_ljspeech(arguments.folder)
    else:
        write_tables(arguments.folder, arguments.out)


if __name__ == "__main__":
    main()
