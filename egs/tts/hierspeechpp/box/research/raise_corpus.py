"""Raise clips of a corpus with a trained SpeechSR: recordings for another network to learn from.

No recording at hand holds anything above 12 kHz, so the light network to 48 kHz learns from what the
published one makes of 16 kHz speech.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import numpy as np

from hiervox.models.sr.speechsr.config import INPUT_RATE
from hiervox.models.sr.speechsr.pipeline import SpeechSRPipeline
from hiervox.processors.audio import read_audio, write_audio
from hiervox.utils.files import write_text


def main() -> None:
    """Parse, raise the clips that are not there yet, write the manifest."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--manifest", type=Path, required=True, help="JSONL with `audio` and `speaker`")
    parser.add_argument("--checkpoint", type=Path, required=True, help="of the network that teaches")
    parser.add_argument("--out", type=Path, required=True, help="folder for the clips and manifest.jsonl")
    parser.add_argument("--clips", type=int, default=100, help="drawn at random (default 100)")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each, from its start (default 4)")
    parser.add_argument("--seed", type=int, default=1234)
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.manifest.read_text(encoding="utf-8").splitlines()]
    random.Random(arguments.seed).shuffle(rows)
    teacher = SpeechSRPipeline.load(arguments.checkpoint)
    lines = []
    for row in rows[: arguments.clips]:
        out = arguments.out / f"{Path(row['audio']).stem}.wav"
        if not out.exists():
            wav, rate = read_audio(arguments.manifest.parent / row["audio"], INPUT_RATE)
            raised, rate = teacher.upsample(wav[: int(arguments.seconds * rate)], rate)
            write_audio(out, np.clip(raised, -1, 1), rate)
        lines.append(json.dumps({"audio": out.name, "speaker": row["speaker"]}) + "\n")
    write_text(arguments.out / "manifest.jsonl", "".join(sorted(lines)))


if __name__ == "__main__":
    main()
