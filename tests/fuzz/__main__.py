"""Run every reader on changed files for some minutes: `python -m tests.fuzz --minutes 5 --out fuzz`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tests.fuzz.targets import targets
from tests.fuzz.worker import CURRENT, TRY_SECONDS

STARTING_SECONDS = 120


def main(
    minutes: Annotated[float, typer.Option(help="In all, shared by the readers.")] = 5.0,
    out: Annotated[Path, typer.Option(help="Folder for the files that broke something.")] = Path("fuzz"),
    seed: Annotated[int, typer.Option(help="Of all changes.")] = 0,
    target: Annotated[str | None, typer.Option(help="One reader alone, by its name.")] = None,
) -> None:
    """Print tries, what was read, refused in one line, and broken; exit 1 where anything broke."""
    with tempfile.TemporaryDirectory() as folder:
        known = [each.name for each in targets(Path(folder))]
    chosen = known if target is None else [target]
    typer.echo("| reader | tries | read | refused | broken |\n|---|---|---|---|---|")
    broken = 0
    for name in chosen:
        counts = _run(name, 60 * minutes / len(chosen), seed, out / name.replace(" ", "_"))
        broken += counts["broken"]
        typer.echo("| {} | {tries} | {read} | {refused} | {broken} |".format(name, **counts))
    sys.exit(1 if broken else 0)


def _run(name: str, seconds: float, seed: int, folder: Path) -> dict[str, int]:
    """One reader; a process that dies counts as broken, and its file is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.worker", "--target", name, "--seconds", str(seconds)]
    try:
        done = subprocess.run(
            [*command, "--seed", str(seed), "--folder", str(folder)],
            capture_output=True,
            text=True,
            timeout=seconds + STARTING_SECONDS + TRY_SECONDS,
        )
        reason = done.stderr if done.returncode else ""
    except subprocess.TimeoutExpired:
        reason = "the process did not end"
    if reason:
        for file in folder.glob(f"{CURRENT}.*"):
            file.rename(file.with_name(f"died{file.suffix}"))
        (folder / "died.txt").write_text(reason)
        return {"tries": 1, "read": 0, "refused": 0, "broken": 1}
    counts: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return counts


if __name__ == "__main__":
    typer.run(main)
