"""The table that an evaluation reads: one row a recording to evaluate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hiervox.utils.csv_tables import read_csv
from hiervox.utils.errors import DataError
from hiervox.utils.files import is_file

REQUIRED_COLUMNS = ("id", "system", "audio")
FILE_COLUMNS = ("audio", "prompt", "reference", "resynthesized_prompt")
COLUMNS = (*REQUIRED_COLUMNS, "text", "prompt", "reference")
OPTIONAL_COLUMNS = ("speaker", "resynthesized_prompt")
ALL_COLUMNS = (*COLUMNS, *OPTIONAL_COLUMNS)
ALIASES = {"utterance": "id", "generated": "audio"}
"""Other names that a header may use."""
GROUND_TRUTH = "ground_truth"


@dataclass(frozen=True)
class Utterance:
    """One recording to evaluate, and what it is compared with.

    Attributes:
        row: its line number in the table, the header being line 1.
        id: the sentence, the same in every system.
        system: what made it; `ground_truth` for human recordings.
        audio: the recording.
        text: what should be heard; empty where unknown.
        prompt: a recording of the voice that it should have.
        reference: a recording of the same words.
        speaker: whose voice the prompt is; empty where unknown.
        resynthesized_prompt: the prompt as the system's own codec or vocoder gives it back.
        texts, files: column → cell of those that metrics declare, where they are filled.
    """

    row: int
    id: str
    system: str
    audio: Path
    text: str = ""
    prompt: Path | None = None
    reference: Path | None = None
    speaker: str = ""
    resynthesized_prompt: Path | None = None
    texts: Mapping[str, str] = field(default_factory=dict, hash=False)
    files: Mapping[str, Path] = field(default_factory=dict, hash=False)

    @property
    def place(self) -> str:
        """How an error names it."""
        return f"row {self.row} ({self.system}, {self.id})"


def files_of_rows(rows: Iterable[Utterance]) -> Iterator[Path]:
    """Every file that rows name, which no output replaces."""
    for row in rows:
        named = (row.audio, row.prompt, row.reference, row.resynthesized_prompt, *row.files.values())
        yield from (file for file in named if file is not None)


def read_table(path: Path) -> list[Utterance]:
    """Read a CSV table with the columns `id,system,audio`, any of the others in `ALL_COLUMNS`, and any that a
    metric declares.

    `utterance` and `generated` may stand for `id` and `audio`.

    File names are relative to the table. An empty cell means that what needs it is not measured.

    Raises:
        DataError: no or an empty table, unknown or missing columns, an empty required cell, a missing file,
            two rows of one system with one id; names the row.
    """
    table = read_csv(path, ALIASES)
    declared = _declared(table.columns)
    table.check_columns((*ALL_COLUMNS, *declared), REQUIRED_COLUMNS, COLUMNS)
    utterances = [_utterance(path, row, cells, declared) for row, cells in table.rows]
    seen: dict[tuple[str, str], Utterance] = {}
    for utterance in utterances:
        first = seen.setdefault((utterance.system, utterance.id), utterance)
        if first is not utterance:
            raise DataError(
                f"{path}: {utterance.place} has the id of row {first.row}",
                "give every sentence of a system its own id",
            )
    return utterances


def _declared(columns: Sequence[str]) -> dict[str, bool]:
    """Column that a metric declares → whether it names sound files; looked up where it matters."""
    if set(columns) <= set(ALL_COLUMNS):
        return {}
    from hiervox.evaluation.registry import METRICS

    texts = {column: False for metric in METRICS.values() for column in metric.texts}
    return texts | {column: True for metric in METRICS.values() for column in metric.files}


def _utterance(path: Path, row: int, cells: Mapping[str, str], declared: Mapping[str, bool]) -> Utterance:
    cell = {column: cells.get(column, "") for column in (*ALL_COLUMNS, *declared)}
    named = (*FILE_COLUMNS, *(column for column, is_sound in declared.items() if is_sound))
    files = {column: path.parent / cell[column] if cell[column] else None for column in named}
    for column, file in files.items():
        if file is not None and not is_file(file):
            raise DataError(
                f"{path} row {row}: no {column} file {file}",
                "correct the path, which is relative to the table",
            )
    audio = files["audio"]
    assert audio is not None
    return Utterance(
        row,
        cell["id"],
        cell["system"],
        audio,
        cell["text"],
        prompt=files["prompt"],
        reference=files["reference"],
        speaker=cell["speaker"],
        resynthesized_prompt=files["resynthesized_prompt"],
        texts={column: cell[column] for column in declared if column not in files and cell[column]},
        files={column: file for column in declared if (file := files.get(column)) is not None},
    )
