"""Run a command, and add the processor time of its processes, or the time that passes, to JSON lines.

A name whose command came to its end is not run again.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path


def rows(note: Path) -> list[dict[str, object]]:
    """What was noted so far: name, seconds, done."""
    if not note.is_file():
        return []
    return [json.loads(line) for line in note.read_text(encoding="utf-8").splitlines()]


def main() -> int:
    """Parse, run and note."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--note", type=Path, required=True, help="JSON lines: name, seconds, done")
    parser.add_argument("--name", required=True, help="of what is done")
    parser.add_argument("--wall", action="store_true", help="the time that passes, as on a GPU")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    arguments = parser.parse_args()
    if any(row["name"] == arguments.name and row["done"] for row in rows(arguments.note)):
        return 0
    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    begun = time.perf_counter()
    code = subprocess.call(command)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = time.perf_counter() - begun if arguments.wall else used.ru_utime + used.ru_stime
    row = {"name": arguments.name, "seconds": round(seconds, 1), "done": code == 0}
    arguments.note.parent.mkdir(parents=True, exist_ok=True)
    with arguments.note.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
