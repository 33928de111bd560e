"""Keep the rows of a manifest whose recordings hold something up to the edge of a rate's band.

A file's rate says nothing of what it holds: some of Kokoro's voices end at 10 kHz, and coders cut as they
like. Super-resolution that is trained on such recordings learns an empty band, now and then.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np
import soundfile
from high_band import levels

from hiervox.processors.audio import Waveform, read_audio
from hiervox.utils.files import write_text

EDGE = 6_000
LOUD_DB = -15
FALL_DB = 30
"""Most that a band of 1 kHz above 7 kHz may be under that of 6 kHz, in the frames that are loudest in it."""


def is_full(wav: Waveform, rate: int) -> bool:
    """Whether no band of a recording (T,) is as good as empty."""
    bands = levels(wav, rate, EDGE)[1]
    reference = bands[:, 0]
    loud = bands[reference >= reference.max() * 10 ** (LOUD_DB / 10)].mean(axis=0)
    return bool(loud.min() > 0 and 10 * np.log10(loud[0] / loud.min()) <= FALL_DB)


def main() -> None:
    """Parse, look at every recording, write the manifest."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--manifest", type=Path, required=True, help="JSONL with `audio`")
    parser.add_argument("--rate", type=int, required=True, choices=(24_000, 48_000))
    parser.add_argument("--out", type=Path, required=True, help="JSONL of the kept rows")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.manifest.read_text(encoding="utf-8").splitlines()]
    kept = []
    for row in rows:
        path = arguments.manifest.parent / row["audio"]
        rate = soundfile.info(path).samplerate
        if rate >= arguments.rate and is_full(read_audio(path, arguments.rate)[0], arguments.rate):
            kept.append({**row, "audio": os.path.relpath(path, arguments.out.parent)})
    write_text(arguments.out, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept))
    print(f"{len(kept)} of {len(rows)} recordings: {arguments.out}")  # noqa: T201


if __name__ == "__main__":
    main()
