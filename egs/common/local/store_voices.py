"""Keep what a bundle's networks take from the recordings that it brings along, in its `voices`.

Speaking in one of these voices then encodes no recording.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hiervox.models.base.pipelines.loading import load
from hiervox.utils.errors import HierVoxError


def main() -> None:
    """Parse, encode, save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", type=Path)
    for file in load(parser.parse_args().bundle).loader.store_voices():
        sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        print(f"store_voices.py: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
