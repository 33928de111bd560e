"""The LibriTTS recipe, all but its download, on a few recordings and in a few steps.

`python -m tests.egs.tiny_run FOLDER [TABLE]`; FOLDER must not be there yet, TABLE is as for
`tests.egs.lookalikes`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.egs.lookalikes import MINI_TABLE, make_libritts

RECIPES = REPOSITORY / "egs" / "tts" / "hierspeechpp"
TINY_CONF = RECIPES / "mini" / "conf"
PARTS = (("train-clean-100", 4, 6), ("test-clean", 2, 4))


def short_training(steps: int, dev_size: int) -> list[str]:
    """Options of a recipe: so many steps of as many utterances, then validated and saved."""
    keys = ("max_steps", "batch_size", "log_every", "validate_every", "save_every")
    values = [*(f"train.{key}={steps}" for key in keys), f"data.dev_size={dev_size}", "train.workers=0"]
    return [option for value in values for option in ("--set", value)]


def main() -> None:
    folder = Path(sys.argv[1])
    table = Path(sys.argv[2]) if len(sys.argv) > 2 else MINI_TABLE
    make_libritts(folder, table, PARTS)
    overrides = short_training(steps=4, dev_size=4)
    options = ["--stage", "2", "--data", folder, "--exp", folder / "exp", "--conf", TINY_CONF]
    options += ["--parts", "train-clean-100", "--processes", "2", "--device", "cpu", "--sentences", "2"]
    start = time.perf_counter()
    command = [str(RECIPES / "libritts" / "run.sh"), *map(str, options), *overrides]
    done = subprocess.run(command)
    sys.stdout.write(f"exit code {done.returncode} after {time.perf_counter() - start:.0f} s\n")
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
