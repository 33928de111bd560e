"""Several folders of recordings become one table for `hiervox prepare`.

Each has a `manifest.jsonl`, or the `table.csv` that `make_corpus.py` writes.

Speakers that the evaluation holds back stay out. A clip whose machine transcript the recogniser doubted loses
it: the synthesizer needs no text.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from speed_copies import copied

from hiervox.utils.errors import DataError
from hiervox.utils.files import replacing_file

MANIFEST_NAME, TABLE_NAME = "manifest.jsonl", "table.csv"
KEPT = ("text", "ipa", "speaker")
LEAST_SURE = {"avg_logprob": -0.5, "confidence": 0.6}
"""Of a transcript, by the name that a manifest gives the recogniser's mean log-probability or probability."""


def entries(corpus: Path) -> list[dict[str, Any]]:
    """The clips of a folder: audio (relative to it), speaker, text and whatever else is told of them.

    Raises:
        DataError: it has neither file.
    """
    manifest, table = corpus / MANIFEST_NAME, corpus / TABLE_NAME
    if manifest.is_file():
        return [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    if table.is_file():
        with table.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    raise DataError(f"{corpus} has no {MANIFEST_NAME} and no {TABLE_NAME}", "name a folder of recordings")


def rows(corpus: Path, held_out: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Rows of the table: audio (absolute), id, speaker and, where given and trusted, text and ipa.

    Args:
        corpus: a folder; its name begins the ids of its clips.
        held_out: speakers to leave out.

    Raises:
        DataError: see `entries`.
    """
    for entry in entries(corpus):
        if entry["speaker"] in held_out:
            continue
        audio = (corpus / entry["audio"]).resolve()
        row = {"audio": str(audio), "id": f"{corpus.name}-{audio.stem}"}
        doubted = any(entry.get(name, least) < least for name, least in LEAST_SURE.items())
        kept = ("speaker",) if doubted else KEPT
        yield row | {name: entry[name] for name in kept if name in entry}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    folder: dict[str, Any] = {"type": Path, "action": "append", "default": []}
    parser.add_argument("--corpus", **folder, help="recordings; may be repeated")
    parser.add_argument("--multiply", **folder, help="likewise, and its voices again at other speeds")
    parser.add_argument("--copies", type=int, default=2, help="of each voice of --multiply (default 2)")
    parser.add_argument("--held-out", **folder, help="a list, one speaker a line")
    parser.add_argument("--out", type=Path, required=True, help="the table, .jsonl; copies go beside it")
    arguments = parser.parse_args()
    lists = [path.read_text(encoding="utf-8").split() for path in arguments.held_out]
    held_out = frozenset(speaker for names in lists for speaker in names)
    table = [row for corpus in arguments.corpus for row in rows(corpus.resolve(), held_out)]
    for corpus in arguments.multiply:
        clips = list(rows(corpus.resolve(), held_out))
        table += clips
        table += copied(clips, arguments.copies, arguments.out.resolve().parent / "speeds")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with replacing_file(arguments.out) as temporary:
        temporary.write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table), encoding="utf-8"
        )
    sys.stdout.write(f"{len(table)} clips: {arguments.out}\n")


if __name__ == "__main__":
    main()
