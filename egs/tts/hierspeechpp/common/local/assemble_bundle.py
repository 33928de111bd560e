"""Put the trained parts together into one folder that `hiervox tts`, `vc` and `sr` take as --model."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from models.base.checkpoint import CONFIG_NAME, WEIGHTS_NAME, find_checkpoint
from utils.files import publish_folder


def assemble(runs: Path, parts: Sequence[str], out: Path) -> None:
    """Copy weights and config of the last checkpoint of `runs/<part>` to `out/<part>`, each in one step.

    Raises:
        CheckpointError: a part has no checkpoint; nothing is copied.
    """
    checkpoints = {part: find_checkpoint(runs / part) for part in parts}
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".assembling-") as temporary:
        for part, checkpoint in checkpoints.items():
            folder = Path(temporary) / part
            folder.mkdir()
            for name in (WEIGHTS_NAME, CONFIG_NAME):
                shutil.copyfile(checkpoint / name, folder / name)
            publish_folder(folder, out / part)


def main() -> None:
    """Parse and assemble."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, required=True, help="folder with one run folder a part")
    parser.add_argument("--parts", nargs="+", required=True, help="names of these run folders")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    assemble(arguments.runs, arguments.parts, arguments.out)


if __name__ == "__main__":
    main()
