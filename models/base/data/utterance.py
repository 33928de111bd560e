"""One row of a corpus, whatever it was read from, and the collection of what is wrong with rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hiervox.utils.errors import DataError

SHOWN_PROBLEMS = 50


@dataclass(frozen=True)
class Utterance:
    """One row of a corpus.

    Attributes:
        id: unique name.
        audio: its recording.
        text: what is said; None where nobody says what, empty where the row should tell and does not.
        speaker: who says it, where known.
        language: espeak name of the language (`en-us`, `de`, …).
        ipa: given pronunciation, which then takes the place of the text frontend's.
        row: where it stands, for error messages.
        caption: what there is to hear, where that is said.
        columns: further columns that features declare, by name.
        start, end: seconds into the recording; None as end is its end.
    """

    id: str
    audio: Path
    text: str | None
    speaker: str | None
    language: str
    ipa: str | None
    row: str
    caption: str | None = None
    start: float = 0.0
    end: float | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


class Problems:
    """What is wrong with the rows of a corpus: all of it is said at once.

    Args:
        source: the table or the folder.
    """

    def __init__(self, source: Path) -> None:
        self.source = source
        self.errors: list[DataError] = []

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note a `DataError` of the block and go on."""
        try:
            yield
        except DataError as error:
            self.errors.append(error)

    def raise_all(self) -> None:
        """Raise one error that names every bad row.

        Raises:
            DataError: there is a bad row.
        """
        if not self.errors:
            return
        if len(self.errors) == 1:
            raise self.errors[0]
        shown = "; ".join(error.problem for error in self.errors[:SHOWN_PROBLEMS])
        more = f"; and {len(self.errors) - SHOWN_PROBLEMS} more" if len(self.errors) > SHOWN_PROBLEMS else ""
        raise DataError(
            f"{self.source} has {len(self.errors)} bad rows: {shown}{more}", "correct or remove them"
        )


def existing_audio(audio: Path, where: str) -> Path:
    """The whole path of a recording.

    Raises:
        DataError: there is no such file.
    """
    try:
        is_file = audio.is_file()
    except (OSError, ValueError):  # a name that no file can have
        is_file = False
    if not is_file:
        raise DataError(f"{where}: no audio file {audio}", "correct the path, which is relative to the table")
    return audio.resolve()
