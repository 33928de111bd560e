"""Write a config that names the speakers of a manifest, or a table in which each says one sentence."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
from pathlib import Path

from hiervox.models.base.data.manifest import read_cuts, supervision_of
from hiervox.utils.files import write_text


def speakers_of(cuts: Path) -> list[str]:
    """Names, sorted."""
    found = {supervision.speaker for cut in read_cuts(cuts) if (supervision := supervision_of(cut))}
    return sorted(name for name in found if name)


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=Path, required=True)
    made = parser.add_mutually_exclusive_group(required=True)
    made.add_argument("--base", type=Path, help="the config that the new one is based on")
    made.add_argument("--say", help="the sentence of the table, which `hiervox tts --table` takes")
    parser.add_argument("--out", type=Path, required=True, help="the config, or the table")
    arguments = parser.parse_args()
    names = speakers_of(arguments.cuts)
    if arguments.say is not None:
        table = io.StringIO()
        rows = [(name, name, arguments.say) for name in names]
        csv.writer(table, lineterminator="\n").writerows([("id", "voice", "text"), *rows])
        write_text(arguments.out, table.getvalue())
        return
    base = os.path.relpath(arguments.base.resolve(), arguments.out.resolve().parent)
    tree = {"base": base, "model": {"speakers": names}}
    write_text(arguments.out, json.dumps(tree, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
