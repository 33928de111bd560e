"""Clips of a training set joined to pairs of one voice, for systems that go on from a prompt and its text.

Each clip is followed by the next one of its voice, so that what is read in training is as long, and has as
many sentences, as what is read behind a prompt. A clip whose pair would be too long, or whose voice has no
other, stays alone; one without text is left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from hiervox.processors.audio import Waveform, read_audio
from hiervox.utils.errors import HierVoxError
from hiervox.utils.files import replacing_file, write_text

GAP_SECONDS = 0.15
"""Of silence between the two."""


def pairs(
    rows: list[dict[str, Any]], seconds: dict[str, float], most: float
) -> Iterator[list[dict[str, Any]]]:
    """The rows of each joined clip: two, or one.

    Args:
        rows: of the table.
        seconds: of each clip by its id.
        most: seconds of a joined clip.
    """
    voices: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row.get("text"):
            voices[row["speaker"]].append(row)
    for own in voices.values():
        for place, row in enumerate(own):
            following = own[(place + 1) % len(own)]
            length = seconds[row["id"]] + GAP_SECONDS + seconds[following["id"]]
            yield [row, following] if following is not row and length <= most else [row]


def join(table: Path, out: Path, most: float) -> int:
    """Write `out`/table.jsonl and its recordings; those that are there are kept.

    Returns:
        how many clips there are.
    """
    rows = [json.loads(line) for line in table.read_text(encoding="utf-8").splitlines()]
    seconds = {row["id"]: soundfile.info(table.parent / row["audio"]).duration for row in rows}
    joined = []
    for chosen in pairs(rows, seconds, most):
        row = {"id": "+".join(row["id"] for row in chosen), "language": chosen[0]["language"]}
        row |= {"speaker": chosen[0]["speaker"], "audio": f"audio/{row['id']}.flac"}
        for key in ("text", "ipa"):
            if all(row.get(key) for row in chosen):
                row[key] = " ".join(row[key] for row in chosen)
        _write([table.parent / row["audio"] for row in chosen], out / row["audio"])
        joined.append(row)
    write_text(out / "table.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in joined))
    return len(joined)


def _write(sources: list[Path], path: Path) -> None:
    if path.exists():
        return
    sounds: list[Waveform] = []
    for source in sources:
        wav, rate = read_audio(source)
        sounds += [wav, np.zeros(round(GAP_SECONDS * rate), np.float32)]
    with replacing_file(path) as temporary:
        soundfile.write(temporary, np.concatenate(sounds[:-1]), rate, format="FLAC")


def main() -> None:
    """Parse and join."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, required=True, help="table.jsonl of training_set.py")
    parser.add_argument("--most", type=float, default=14.0, help="seconds of a joined clip")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    sys.stdout.write(f"{join(arguments.table, arguments.out, arguments.most)} clips\n")


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"joined_clips.py: {error}")
