"""Send the references of a list through a codec and back: OUT/ID.wav for each row that is not there yet."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import soundfile

from hiervox.models.base.pipelines.bundle import is_checkpoint, part_checkpoint
from hiervox.models.base.pipelines.loading import load
from hiervox.processors.audio import read_audio
from hiervox.utils.errors import HierVoxError

sys.path.insert(0, str(Path(__file__).parent))
from rows import rows_to_make


def main() -> None:
    """Parse, code and decode."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", type=Path, required=True, help="CSV: id, reference")
    parser.add_argument("--model", type=Path, required=True, help="a codec, or a bundle that holds one")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    rows = rows_to_make(arguments.list, arguments.out)
    if not rows:
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    model = arguments.model
    codec: Any = load(
        model if is_checkpoint(model) else part_checkpoint(model, "codec"), "codec", arguments.device
    )
    for row in rows:
        wav, rate = read_audio(Path(row["reference"]))
        soundfile.write(arguments.out / f"{row['id']}.wav", codec.decode(codec.encode(wav, rate)), codec.rate)


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"recode_list.py: {error}")
