"""Print the table of bad inputs: `python -m tests.bad_inputs`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import typer

from tests.bad_inputs.cases import BAD_INPUTS
from tests.bad_inputs.runner import run
from tests.bad_inputs.world import build_world


def main() -> int:
    """Run every case; 1 where one is not a single line with exit code 2 that leaves all files alone."""
    faults = 0
    typer.echo("| bad input | exit | said |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        world = Path(name)
        build_world(world)
        for case in BAD_INPUTS:
            outcome = run(case, world)
            fine = outcome.code == 2 and outcome.line.count("\n") == 1 and not outcome.changed
            faults += not fine
            said = outcome.line.strip().replace("|", "\\|").replace("\n", " / ")
            typer.echo(f"| {case.what} | {outcome.code}{'' if fine else ' (wrong)'} | `` {said} `` |")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
