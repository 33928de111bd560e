"""Convert the references of a list to the voices of its prompts: OUT/ID.wav for each row not there yet."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

from hiervox.models.base.pipelines.controls import (
    SpeechControls,
    controls_of,
    make_controls,
    parse_assignments,
)
from hiervox.models.base.pipelines.loading import find_system, load
from hiervox.utils.device import choose_device
from hiervox.utils.errors import HierVoxError

sys.path.insert(0, str(Path(__file__).parent))
from rows import rows_to_make
from speed import Stopwatch


def main() -> None:
    """Parse and convert."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", type=Path, required=True, help="CSV: id, reference, prompt")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--task", choices=("vc", "svc"), default="vc")
    parser.add_argument("--control", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--seed", type=int, default=1234)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    rows = rows_to_make(arguments.list, arguments.out)
    if not rows:
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    device = choose_device(arguments.device)
    pipeline: Any = load(arguments.model, arguments.task, str(device))
    schema = controls_of(find_system(arguments.model, arguments.task)[0]) or SpeechControls
    controls = make_controls(schema, {"seed": str(arguments.seed), **parse_assignments(arguments.control)})
    stopwatch = Stopwatch(arguments.out, device)
    for number, row in enumerate(rows):
        convert = partial(pipeline.vc, Path(row["reference"]), Path(row["prompt"]), controls)
        if not number:
            convert()  # a first pass is slower than all others
        stopwatch.time(convert).save(arguments.out / f"{row['id']}.wav")
        stopwatch.write()


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"convert_list.py: {error}")
