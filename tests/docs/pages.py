"""A page that a test follows: its files, its commands, and a corpus for them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import soundfile

FILE = re.compile(r"^`([\w./]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^```bash\n((?!#!).*?)^```$", re.MULTILINE | re.DOTALL)


def write_files(page: str, folder: Path) -> None:
    """Write the files that a page shows, each under its name."""
    for name, text in FILE.findall(page):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def commands_of(page: str) -> list[str]:
    """The lines of its blocks of commands, scripts left out."""
    return [line for block in COMMANDS.findall(page) for line in block.splitlines()]


def write_corpus(folder: Path) -> None:
    """Write `corpus.csv` of four recordings of noise."""
    rng = np.random.default_rng(0)
    rows = ["audio,text,speaker,language"]
    for index in range(4):
        soundfile.write(folder / f"{index}.wav", 0.1 * rng.standard_normal(16000 + 1600 * index), 16000)
        rows.append(f"{index}.wav,Some words.,nobody,en-us")
    (folder / "corpus.csv").write_text("\n".join(rows) + "\n")
