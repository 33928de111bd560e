"""A CTranslate2 folder of Whisper base for `hiervox evaluate --asr`, of the two packages that hold it."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from hiervox.processors.semantic.config import OFFLINE_WHISPER_BASE
from hiervox.processors.semantic.whisper import WEIGHTS_NAME, offline_weights
from hiervox.utils.files import replacing_file

SMALL_FILES = ("config.json", "tokenizer.json", "vocabulary.txt")


def make_folder(out: Path) -> None:
    """Copy the small files, and join the parts of the weights, unless that is done.

    Raises:
        DependencyError: the packages are not installed.
    """
    if (out / WEIGHTS_NAME).is_file():
        return
    parts = offline_weights(OFFLINE_WHISPER_BASE)
    out.mkdir(parents=True, exist_ok=True)
    for name in SMALL_FILES:
        shutil.copyfile(parts[0].parent / name, out / name)
    with replacing_file(out / WEIGHTS_NAME) as temporary, temporary.open("wb") as joined:
        for part in parts:
            joined.write(part.read_bytes())


def main() -> None:
    """Parse, and make it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="the folder")
    make_folder(parser.parse_args().out)


if __name__ == "__main__":
    main()
