"""Choose what a trained system is tested with: sentences and prompts of voices that it has not heard.

A corpus of one voice is spoken in the model's own, the list's column `voice` being none, unless `--prompted`.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from hiervox.models.base.data.manifest import audio_path, read_cuts, text_of
from hiervox.utils.errors import DataError, HierVoxError
from hiervox.utils.files import write_text

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut

NAMES = ("test_list.csv", "vc_list.csv")
SHORTEST, LONGEST = 2.0, 12.0
"""Seconds of an utterance that is said or prompts."""


def choose(cuts: Sequence[DataCut]) -> Iterator[tuple[DataCut, DataCut, DataCut]]:
    """Utterance, prompt of the same voice, prompt of another voice; voices in turn, ids alone decide.

    Of a corpus of one voice, both prompts are of that.

    Raises:
        DataError: no voice, or of several only one, has two utterances of 2 to 12 s.
    """
    voices = defaultdict(list)
    for cut in sorted(cuts, key=lambda cut: hashlib.sha256(cut.id.encode()).digest()):
        if SHORTEST <= cut.duration <= LONGEST:
            voices[str(cut.supervisions[0].speaker)].append(cut)
    speakers = {str(cut.supervisions[0].speaker) for cut in cuts}
    names = sorted(name for name, own in voices.items() if len(own) > 1)
    if not names or len(names) < min(2, len(speakers)):
        raise DataError(
            f"{len(names)} of the voices to test with have two utterances of {SHORTEST:g} to {LONGEST:g} s",
            "test with more of the corpus",
        )
    for turn in range(max(len(voices[name]) for name in names) - 1):
        for index, name in enumerate(names):
            prompt, *said = voices[name]
            other = voices[names[(index + 1) % len(names)]][0]
            if turn < len(said):
                yield said[turn], prompt, other


def main() -> None:
    """Parse, choose, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=Path, required=True, help="of voices that are not trained on")
    parser.add_argument("--count", type=int, required=True, help="sentences; at most as many conversions")
    parser.add_argument("--out", type=Path, required=True, help="folder for test_list.csv and vc_list.csv")
    parser.add_argument(
        "--given", type=Path, help="folder that may hold the corpus's own lists: they are taken"
    )
    parser.add_argument("--prompted", action="store_true", help="speak one voice, too, as its prompts do")
    given = parser.parse_args()
    if given.given is not None and all((given.given / name).is_file() for name in NAMES):
        for name in NAMES:
            write_text(given.out / name, (given.given / name).read_text(encoding="utf-8"))
        return
    cuts = read_cuts(given.cuts)
    voices = {str(cut.supervisions[0].speaker) for cut in cuts}
    own = {"voice": "none"} if len(voices) == 1 and not given.prompted else {}
    chosen = list(islice(choose(cuts), given.count))
    sentences = [
        {
            "id": said.id,
            "text": _line(said),
            "prompt": audio_path(prompt),
            "reference": audio_path(said),
            **own,
        }
        for said, prompt, _ in chosen
    ]
    conversions = [
        {"id": said.id, "text": _line(said), "source": audio_path(said), "prompt": audio_path(other)}
        for said, _, other in chosen
    ]
    for name, rows in zip(NAMES, (sentences, conversions), strict=True):
        table = io.StringIO()
        writer = csv.DictWriter(table, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(given.out / name, table.getvalue())


def _line(cut: DataCut) -> str:
    return " ".join((text_of(cut) or "").split())


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"test_lists.py: {error}")
