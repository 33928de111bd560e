"""Several folders of recordings become the one training set of a benchmark: 16 kHz Opus and a table.

A clip whose machine transcript the recogniser doubted loses it; systems that learn from text leave it out. No
held-out voice is taken.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import soundfile

from hiervox.processors.audio import read_audio
from hiervox.utils.errors import DataError, HierVoxError
from hiervox.utils.files import replacing_file, write_json, write_text

RATE = 16_000
MANIFEST_NAME = "manifest.jsonl"
SUMMARY_NAME = "training_set.json"
LEAST_SURE = {"avg_logprob": -0.5, "confidence": 0.6}
"""Of a machine transcript, by the name that a manifest gives its mean log-probability or probability."""


def entries(corpus: Path) -> list[dict[str, Any]]:
    """The clips of a folder, as its manifest tells of them.

    Raises:
        DataError: there is no manifest, or none of its lines names a speaker.
    """
    try:
        lines = (corpus / MANIFEST_NAME).read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
    except (OSError, ValueError) as error:
        raise DataError(f"no usable {corpus / MANIFEST_NAME}", "name a folder of recordings") from error
    if not any("speaker" in row for row in rows):
        raise DataError(f"{corpus} names no speakers", "a benchmark of unseen voices has to know them")
    return rows


def clips(corpus: Path, held_out: frozenset[str]) -> Iterator[tuple[Path, dict[str, str]]]:
    """Recordings and their rows in the table: id, audio (relative), speaker; where trusted, text and ipa."""
    for entry in entries(corpus):
        if entry["speaker"] in held_out:
            continue
        source = corpus / entry["audio"]
        name = f"{corpus.name}-{source.stem}"
        row = {"id": name, "audio": f"audio/{corpus.name}/{source.stem}.opus", "language": "en-us"}
        row["speaker"] = f"{corpus.name}-{entry['speaker']}"
        if not any(entry.get(key, least) < least for key, least in LEAST_SURE.items()):
            row |= {key: entry[key] for key in ("text", "ipa") if key in entry}
        yield source, row


def make(corpora: list[Path], held_out: frozenset[str], out: Path) -> dict[str, Any]:
    """Write the set; recordings that are there are kept.

    Returns:
        what it holds: clips, minutes and minutes with text of each corpus, voices in all, and a hash.
    """
    rows, seconds, spoken = [], Counter[str](), Counter[str]()
    digest = hashlib.sha256()
    for corpus in corpora:
        for source, row in clips(corpus, held_out):
            path = out / row["audio"]
            if not path.exists():
                wav, _ = read_audio(source, RATE)
                with replacing_file(path) as temporary:
                    soundfile.write(temporary, wav, RATE, format="OGG", subtype="OPUS")
            length = soundfile.info(path).frames / RATE
            seconds[corpus.name] += length
            spoken[corpus.name] += length if "text" in row else 0
            digest.update(json.dumps(row, sort_keys=True).encode() + path.read_bytes())
            rows.append(row)
    write_text(out / "table.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    summary = {
        "clips": len(rows),
        "voices": len({row["speaker"] for row in rows}),
        "minutes": {name: round(value / 60, 1) for name, value in seconds.items()},
        "minutes_with_text": {name: round(value / 60, 1) for name, value in spoken.items()},
        "sha256": digest.hexdigest(),
    }
    write_json(out / SUMMARY_NAME, summary)
    return summary


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, nargs="+", required=True, help="folders with a manifest.jsonl")
    parser.add_argument("--hold-out", type=Path, nargs="*", default=[], help="lists of voices, one a line")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    held_out = frozenset(name for path in arguments.hold_out for name in path.read_text().split())
    summary = make([corpus.resolve() for corpus in arguments.corpus], held_out, arguments.out)
    sys.stdout.write(json.dumps(summary, indent=2) + "\n")


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"training_set.py: {error}")
