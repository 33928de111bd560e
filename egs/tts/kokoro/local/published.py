"""Kokoro's published files to one file of tensors by the authors' names, and their config beside it.

Reads `kokoro-v1_0.pth`, or the int8 ONNX export, whose numbers are turned back (package `onnx`); and voices,
`NAME.pt` or `NAME.bin`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from hiervox.models.tts.kokoro.export import read_voice, read_weights, write_published
from hiervox.utils.errors import CheckpointError, HierVoxError


def main() -> int:
    """Write `kokoro.safetensors` and `config.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, help="kokoro-v1_0.pth or model_int8.onnx")
    parser.add_argument("--vocabulary", type=Path, required=True, help="JSON of symbols and their rows")
    parser.add_argument("--voices", type=Path, required=True, help="folder of NAME.bin or NAME.pt")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    given = parser.parse_args()
    try:
        paths = sorted(path for path in given.voices.iterdir() if path.suffix in (".bin", ".pt"))
        if not paths:
            raise CheckpointError(f"no voice in {given.voices}", "give a folder of NAME.bin or NAME.pt")
        vocabulary = json.loads(given.vocabulary.read_text(encoding="utf-8"))
        voices = {path.stem: read_voice(path) for path in paths}
        write_published(read_weights(given.weights), voices, vocabulary, given.out)
    except (HierVoxError, OSError, ValueError) as error:
        sys.stderr.write(f"published.py: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
