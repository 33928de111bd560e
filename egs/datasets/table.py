"""A table of recordings, or a Kaldi folder; by default the table that comes with the repository."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from manifests import write

from hiervox.models.base.data.corpus import iterate_corpus
from hiervox.utils.files import write_text

MINI = Path(__file__).parent / "mini"
LISTS = ("test_list.csv", "vc_list.csv")
FILES = ("prompt", "reference", "source")
"""Columns of these that are paths, relative to the list."""


def download(folder: Path) -> None:
    """Nothing: the recordings are there."""


def prepare(
    folder: Path,
    out: Path,
    *,
    table: str = str(MINI / "table.csv"),
    test: str = "",
    language: str = "en-us",
) -> None:
    """Write the manifests; what is tested with comes with the repository, its lists included.

    Args:
        folder: of a corpus that has one.
        out: gets `train`, `test` and lists of sentences to speak and recordings to convert.
        table: to train on.
        test: a table of recordings to test with instead; there are no lists then.
        language: of rows that name none, by espeak's name.

    Raises:
        DataError: naming the rows at fault.
    """
    write(list(iterate_corpus(Path(table), language)), out / "train")
    tested = iterate_corpus(Path(test), language) if test else iterate_corpus(MINI / "test.csv")
    write(list(tested), out / "test")
    for name in () if test else LISTS:
        with (MINI / name).open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        for row in rows:
            row.update({column: str((MINI / row[column]).resolve()) for column in FILES if column in row})
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(out / "test" / name, text.getvalue())
