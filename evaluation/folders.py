"""Two folders of recordings become a table: files are paired by their names."""

from __future__ import annotations

from pathlib import Path

from hiervox.evaluation.table import GROUND_TRUTH, Utterance
from hiervox.utils.errors import DataError

SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3")
TEXT_SUFFIXES = (".txt", ".normalized.txt", ".lab")
NAMED = 3
"""Files that an error names."""


def pair_folders(reference: Path, generated: Path) -> list[Utterance]:
    """The rows that two folders make.

    Files are paired by their path within the folder without the suffix, as in `a/b.wav` and `a/b.flac`. Each
    pair gives a row of the system that the generated folder's name is, and a row of `ground_truth`. The text
    is read from `NAME.txt`, `NAME.normalized.txt` or `NAME.lab` beside the reference. The reference serves as
    the prompt too: it has the voice that the recording should have.

    Raises:
        DataError: a folder is missing or has no recordings, two files have one name, or a generated file has
            no reference.
    """
    references, made = recordings_below(reference), recordings_below(generated)
    unpaired = [name for name in made if name not in references]
    if unpaired:
        names = ", ".join(unpaired[:NAMED]) + (" …" if len(unpaired) > NAMED else "")
        raise DataError(
            f"{len(unpaired)} of {len(made)} recordings in {generated} have no reference in {reference}",
            f"give {names} a file of the same name",
        )
    system = generated.resolve().name
    if system == GROUND_TRUTH:
        raise DataError(
            f"{generated} is called {GROUND_TRUTH}", "rename it: that is the name of the references"
        )
    rows: list[Utterance] = []
    for kind, files in ((GROUND_TRUTH, {name: references[name] for name in made}), (system, made)):
        for name, file in files.items():
            target = references[name]
            rows.append(
                Utterance(len(rows) + 1, name, kind, file, _text(target), prompt=target, reference=target)
            )
    return rows


def recordings_below(folder: Path) -> dict[str, Path]:
    """Name without suffix → recording, for all of a folder, sorted.

    Raises:
        DataError: no such folder, no recordings, or two files have one name.
    """
    if not folder.is_dir():
        raise DataError(f"no folder {folder}", "check the path")
    found: dict[str, Path] = {}
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() in SUFFIXES and file.is_file():
            name = file.relative_to(folder).with_suffix("").as_posix()
            if name in found:
                raise DataError(f"{file} and {found[name]} have one name", "remove one")
            found[name] = file
    if not found:
        raise DataError(
            f"{folder} holds no recordings", f"put files in with the suffix {', '.join(SUFFIXES)}"
        )
    return found


def _text(audio: Path) -> str:
    for suffix in TEXT_SUFFIXES:
        file = audio.with_suffix(suffix)
        if file.is_file():
            try:
                return file.read_text(encoding="utf-8").strip()
            except UnicodeDecodeError as error:
                raise DataError(f"{file} is not UTF-8", "save it as UTF-8") from error
    return ""
