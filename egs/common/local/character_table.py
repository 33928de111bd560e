"""Writes the table of characters of a corpus: a base for configs of models that read texts as written."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from hiervox.models.base.data.manifest import read_cuts, text_of
from hiervox.models.base.data.pronunciation import language_of
from hiervox.processors.text.characters import SPACE, written_symbols
from hiervox.processors.text.normalization import normalize_text
from hiervox.utils.files import write_text


def main() -> None:
    """Count the symbols of all texts, and keep those that come often enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=Path, required=True, help="a cut manifest, or its folder")
    parser.add_argument("--out", type=Path, required=True, help="a JSON5 file, to be named as `base`")
    parser.add_argument("--least", type=int, default=1, help="times that a symbol has to come")
    arguments = parser.parse_args()
    counts: Counter[str] = Counter()
    for cut in read_cuts(arguments.cuts):
        counts.update(written_symbols(normalize_text(text_of(cut) or "", language_of(cut))))
    often = {symbol for symbol, count in counts.items() if count >= arguments.least and not symbol.isspace()}
    section = {"features": {"characters": {"symbols": [SPACE, *sorted(often)]}}}
    write_text(arguments.out, json.dumps(section, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
