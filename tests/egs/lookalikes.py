"""Small folders that look like LibriTTS and VCTK, made of other recordings.

`python -m tests.egs.lookalikes libritts|vctk FOLDER [TABLE]` makes one of a table's recordings (CSV or JSONL
with `audio`, `text`, `speaker`; by default those of the mini recipe).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import soundfile

from hiervox.models.base.data.tables import read_table
from hiervox.models.base.data.utterance import Utterance
from hiervox.processors.audio import read_audio
from tests.conftest import REPOSITORY

MINI_TABLE = REPOSITORY / "egs" / "datasets" / "mini" / "table.csv"


def voices(table: Path, speakers: int, clips: int) -> list[list[Utterance]]:
    """The first `clips` utterances of each of the first `speakers` voices that have so many."""
    own: dict[str, list[Utterance]] = {}
    for utterance in read_table(table, "en-us"):
        own.setdefault(str(utterance.speaker), []).append(utterance)
    chosen = list(islice((given[:clips] for given in own.values() if len(given) >= clips), speakers))
    assert len(chosen) == speakers, f"{table} has not {speakers} voices with {clips} utterances"
    return chosen


def make_libritts(
    folder: Path,
    table: Path = MINI_TABLE,
    parts: Sequence[tuple[str, int, int]] = (("train-clean-100", 3, 5), ("test-clean", 2, 4)),
) -> Path:
    """`folder/LibriTTS` with so many speakers, and utterances of each, in each part.

    Wavs at 24 kHz, the two texts beside each, the tables of each chapter, and SPEAKERS.txt.
    """
    root = folder / "LibriTTS"
    own = iter(voices(table, sum(speakers for _, speakers, _ in parts), max(clips for *_, clips in parts)))
    people = [";ID  |SEX| SUBSET           |MINUTES| NAME"]
    speaker = 1000
    for part, speakers, clips in parts:
        for given in islice(own, speakers):
            speaker += 1
            chapter = f"{speaker}_{200000 + speaker}"
            place = root / part / chapter.replace("_", "/")
            place.mkdir(parents=True)
            texts, book = [], []
            for number, utterance in enumerate(given[:clips]):
                name = f"{chapter}_{number:06d}_000000"
                wav, rate = read_audio(utterance.audio, rate=24_000)
                soundfile.write(place / f"{name}.wav", wav, rate, subtype="PCM_16")
                for kind in ("original", "normalized"):
                    (place / f"{name}.{kind}.txt").write_text(str(utterance.text))
                texts.append(f"{name}\t{utterance.text}\t{utterance.text}\n")
                book.append(f"{name}\t{utterance.text}\t{number}\t20.5\n")
            (place / f"{chapter}.trans.tsv").write_text("".join(texts))
            (place / f"{chapter}.book.tsv").write_text("".join(book))
            people.append(f"{speaker} | F | {part} | 1.00 | Nobody")
    (root / "SPEAKERS.txt").write_text("\n".join(people) + "\n")
    return root


def make_vctk(folder: Path, table: Path = MINI_TABLE, speakers: int = 4, clips: int = 3) -> Path:
    """`folder/VCTK-Corpus-0.92`: FLAC files of two microphones at 48 kHz, their texts, speaker-info.txt."""
    root = folder / "VCTK-Corpus-0.92"
    people = ["ID  AGE  GENDER  ACCENTS  REGION COMMENTS"]
    for index, given in enumerate(voices(table, speakers, clips)):
        speaker = f"p{225 + index}"
        people.append(f"{speaker}  23  F    English    Southern  England")
        sounds, texts = (root / kind / speaker for kind in ("wav48_silence_trimmed", "txt"))
        sounds.mkdir(parents=True)
        texts.mkdir(parents=True)
        for number, utterance in enumerate(given, 1):
            wav, rate = read_audio(utterance.audio, rate=48_000)
            for microphone in ("mic1", "mic2"):
                quieter = wav if microphone == "mic1" else np.float32(0.5) * wav
                soundfile.write(sounds / f"{speaker}_{number:03d}_{microphone}.flac", quieter, rate)
            (texts / f"{speaker}_{number:03d}.txt").write_text(f"{utterance.text}\n")
    (root / "speaker-info.txt").write_text("\n".join(people) + "\n")
    return root


if __name__ == "__main__":
    kind, folder, *table = sys.argv[1:]
    make = {"libritts": make_libritts, "vctk": make_vctk}[kind]
    sys.stdout.write(f"{make(Path(folder), *map(Path, table))}\n")
