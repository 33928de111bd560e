"""Write a frozen list of sentences to speak in unseen voices, and what is said in its prompts.

Each sentence is spoken with another recording of its voice as the prompt. A list of more sentences than a
folder has recordings goes on with its shorter ones and other prompts.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import soundfile

from hiervox.utils.errors import DataError, HierVoxError
from hiervox.utils.files import write_text

MANIFEST_NAME = "manifest.jsonl"
PROMPT_SECONDS = (2.5, 9.0)
"""Of a prompt; the next recording of the voice within them."""


def recordings(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The manifest's recordings with text by speaker, in their order.

    Raises:
        DataError: no manifest, or a speaker with a single recording.
    """
    path = folder / MANIFEST_NAME
    if not path.is_file():
        raise DataError(f"no {path}", "name a folder of recordings in voices that are held out")
    speakers: dict[str, list[dict[str, Any]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        row["audio"] = str((folder / row["audio"]).resolve())
        speakers.setdefault(row["speaker"], []).append(row)
    if not speakers or min(map(len, speakers.values())) < 2:
        raise DataError(
            f"{path} has no voice with two recordings", "a prompt is another recording of the voice"
        )
    return speakers


def prompt_of(rows: list[dict[str, Any]], index: int, skip: int) -> dict[str, Any]:
    """Another recording: the first one behind `index` + `skip` of a length that suits, or just the next."""
    others = [rows[(index + skip + step) % len(rows)] for step in range(1, len(rows))]
    others = [row for row in others if row is not rows[index]]
    low, high = PROMPT_SECONDS
    return next((row for row in others if low <= row["seconds"] <= high), others[0])


def test_list(speakers: dict[str, list[dict[str, Any]]], count: int) -> list[dict[str, str]]:
    """`count` rows, as many of each voice as can be: id, text, speaker, prompt, reference.

    Raises:
        DataError: `count` is no multiple of the voices.
    """
    if count % len(speakers):
        raise DataError(f"{count} sentences are not the same number of each of {len(speakers)} voices", "")
    chosen = []
    for name, rows in speakers.items():
        short_first = sorted(range(len(rows)), key=lambda index: rows[index]["seconds"])
        places = [*range(len(rows)), *short_first][: count // len(speakers)]
        for turn, place in enumerate(places):
            row, prompt = rows[place], prompt_of(rows, place, 3 if turn >= len(rows) else 0)
            chosen.append(
                {
                    "id": f"{name}_{turn:02d}",
                    "text": row["text"],
                    "speaker": name,
                    "prompt": prompt["audio"],
                    "reference": row["audio"],
                    "prompt_text": prompt["text"],
                }
            )
    return chosen


def conversion_list(speakers: dict[str, list[dict[str, Any]]], count: int) -> list[dict[str, str]]:
    """`count` rows of voice conversion: each source to be said in the voice of the next speaker's prompt."""
    names = list(speakers)
    rows = []
    for turn in range(count):
        own, other = (
            names[turn % len(names)],
            names[(turn + 1 + turn // len(names) % (len(names) - 1)) % len(names)],
        )
        mine, theirs = speakers[own], speakers[other]
        source = mine[turn // len(names) % len(mine)]
        prompt = prompt_of(theirs, turn // len(names) % len(theirs), 0)
        rows.append(
            {
                "id": f"{own}_to_{other}_{turn:02d}",
                "text": source["text"],
                "speaker": other,
                "prompt": prompt["audio"],
                "reference": source["audio"],
                "prompt_text": prompt["text"],
            }
        )
    return rows


def gathered(rows: list[dict[str, str]], folder: Path) -> list[dict[str, str]]:
    """Copies of the recordings in `folder`, named relative to its parent, so that a list can be moved."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("prompt", "reference"):
        for row in rows:
            shutil.copyfile(row[name], folder / Path(row[name]).name)
    return [
        {**row, **{name: f"{folder.name}/{Path(row[name]).name}" for name in ("prompt", "reference")}}
        for row in rows
    ]


def digest(rows: list[dict[str, str]]) -> str:
    """SHA-256 of the texts and of the sounds of prompts and references."""
    found = hashlib.sha256()
    for row in rows:
        found.update("\t".join((row["id"], row["text"], row["prompt_text"])).encode())
        for name in ("prompt", "reference"):
            found.update(soundfile.read(row[name], dtype="int16")[0].tobytes())
    return found.hexdigest()


def as_csv(rows: list[dict[str, str]]) -> str:
    """The rows as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def main() -> None:
    """Parse and write OUT, CSV, and beside it what its prompts say (.prompts.csv) and its hash (.sha256)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder with a manifest.jsonl")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--conversion", action="store_true", help="from each voice to another one, instead")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    make = conversion_list if arguments.conversion else test_list
    rows = make(recordings(arguments.corpus.resolve()), arguments.count)
    write_text(arguments.out.with_suffix(".sha256"), digest(rows) + "\n")
    rows = gathered(rows, arguments.out.with_suffix(""))
    write_text(arguments.out, as_csv(rows))
    prompts = {row["prompt"]: row["prompt_text"] for row in rows}
    said = [{"audio": audio, "text": text} for audio, text in prompts.items()]
    write_text(arguments.out.with_suffix(".prompts.csv"), as_csv(said))


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"frozen_list.py: {error}")
