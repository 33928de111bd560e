"""Several folders of recordings become one table for `hiervox prepare`.

Each has a `manifest.jsonl`, or the `table.csv` that `make_corpus.py` writes.

Speakers that the evaluation holds back, and clips whose machine transcript the recogniser doubted, stay out.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hiervox.utils.errors import DataError
from hiervox.utils.files import replacing_file

MANIFEST_NAME, TABLE_NAME = "manifest.jsonl", "table.csv"
KEPT = ("text", "ipa", "speaker")


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


def rows(corpora: Sequence[Path], held_out: frozenset[str], min_logprob: float) -> Iterator[dict[str, Any]]:
    """Rows of the table: audio (absolute), id, text, speaker and, where given, ipa.

    Args:
        corpora: folders; the name of each begins the ids of its clips.
        held_out: speakers to leave out.
        min_logprob: least mean log-probability of a machine transcript.

    Raises:
        DataError: see `entries`.
    """
    for corpus in corpora:
        for entry in entries(corpus):
            if entry["speaker"] in held_out or entry.get("avg_logprob", 0.0) < min_logprob:
                continue
            audio = (corpus / entry["audio"]).resolve()
            row = {"audio": str(audio), "id": f"{corpus.name}-{audio.stem}"}
            yield row | {name: entry[name] for name in KEPT if name in entry}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, action="append", required=True, help="may be repeated")
    parser.add_argument(
        "--held-out", type=Path, action="append", default=[], help="a list, one speaker a line"
    )
    parser.add_argument("--min-logprob", type=float, default=-0.5)
    parser.add_argument("--out", type=Path, required=True, help="the table, .jsonl")
    arguments = parser.parse_args()
    lists = [path.read_text(encoding="utf-8").split() for path in arguments.held_out]
    held_out = frozenset(speaker for names in lists for speaker in names)
    table = list(rows([corpus.resolve() for corpus in arguments.corpus], held_out, arguments.min_logprob))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with replacing_file(arguments.out) as temporary:
        temporary.write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table), encoding="utf-8"
        )
    sys.stdout.write(f"{len(table)} clips: {arguments.out}\n")


if __name__ == "__main__":
    main()
