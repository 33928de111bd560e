"""Print the speakers of a manifest, or write a config that names them for VITS's table."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from hiervox.models.base.data.manifest import read_cuts, supervision_of
from hiervox.utils.files import write_text


def speakers_of(cuts: Path) -> list[str]:
    """Names, sorted."""
    found = {supervision.speaker for cut in read_cuts(cuts) if (supervision := supervision_of(cut))}
    return sorted(name for name in found if name)


def main() -> None:
    """Parse, and print or write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=Path, required=True)
    parser.add_argument("--base", type=Path, help="the config that the new one is based on")
    parser.add_argument("--out", type=Path, help="the new config; without it, names are printed")
    arguments = parser.parse_args()
    names = speakers_of(arguments.cuts)
    if arguments.out is None:
        sys.stdout.write("".join(f"{name}\n" for name in names))
        return
    base = os.path.relpath(arguments.base.resolve(), arguments.out.resolve().parent)
    tree = {"base": base, "model": {"speakers": names}}
    write_text(arguments.out, json.dumps(tree, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
