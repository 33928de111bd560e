"""Tables of recordings as people have them: comma, tab, semicolon or bar, JSONL, LJSpeech."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hiervox.models.base.data.utterance import Problems, Utterance, existing_audio
from hiervox.utils.errors import DataError
from hiervox.utils.files import is_file
from hiervox.utils.json_files import parse_json
from hiervox.utils.logging import get_logger

COLUMNS = ("audio", "text", "speaker", "language", "id", "ipa", "caption")
DELIMITERS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl")
LJSPEECH_FIELDS = (2, 3)
"""id | text as printed | text as read; the third is missing from some copies."""
LJSPEECH_SPEAKER = "LJ"

Row = tuple[str, dict[str, str]]

_log = get_logger("prepare")


def read_table(path: Path, language: str, speaker: str | None = None) -> list[Utterance]:
    """The rows of a table. Audio paths are relative to it.

    A text table (.csv, .tsv, .txt) names its columns in the first line, in upper or lower case; they are
    separated by commas, tabs, semicolons or bars. LJSpeech's metadata.csv, which names none, is known too.
    Only `audio` is needed. A row without `text` (in a text table, without the column) is audio only. `id`
    names the utterance (otherwise the audio path does), `ipa` its pronunciation, `caption` what there is to
    hear. Further columns are kept where a feature declares them (`Feature.columns`, `Feature.files`), and
    left out otherwise.

    Args:
        path: of the table.
        language: of rows that name none.
        speaker: of rows that name none; by default nobody, in LJSpeech's table `LJ`.

    Raises:
        DataError: naming every malformed row, every row without audio, and every missing audio file.
    """
    kind = path.suffix.lower()
    if kind not in SUFFIXES:
        raise DataError(f"{path} is neither .csv, .tsv nor .jsonl", "give the table the ending of its format")
    problems = Problems(path)
    try:
        rows = list(_json_rows(path, problems) if kind == ".jsonl" else _text_rows(path, problems, speaker))
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a UTF-8 table ({error})", "save it as UTF-8") from error
    further = {name for _, row in rows for name in row} - set(COLUMNS)
    declared = _declared() if further else {}
    surplus = sorted(further - declared.keys())
    if surplus:
        _log.info("columns of %s that are not used: %s", path.name, ", ".join(surplus))
    utterances = []
    for where, row in rows:
        with problems.noted():
            utterances.append(_utterance(row, where, path.parent, language, speaker, declared))
    problems.raise_all()
    return utterances


def _declared() -> dict[str, bool]:
    """Further columns that features take, and whether their cells are sound files."""
    from hiervox.models.base.data.feature_registry import FEATURES

    columns: dict[str, bool] = {}
    for feature in FEATURES.values():
        columns |= dict.fromkeys(getattr(feature, "columns", ()), False)
        columns |= dict.fromkeys(getattr(feature, "files", ()), True)
    return columns


def _text_rows(path: Path, problems: Problems, speaker: str | None) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        header = stream.readline(csv.field_size_limit())
        stream.seek(0)
        delimiter = _delimiter(header)
        if delimiter is not None:
            yield from _columns(path, csv.reader(stream, strict=True, delimiter=delimiter), problems)
        elif _is_ljspeech(path, header):
            for where, row in _ljspeech_rows(path, problems):
                yield where, row | ({} if speaker else {"speaker": LJSPEECH_SPEAKER})
        else:
            raise DataError(
                f"{path} has no column `audio` (its first line reads {header.strip()[:100]!r})",
                "let the first line name the columns: audio,text,speaker,language",
            )


def _delimiter(header: str) -> str | None:
    """What separates the names of the first line, among which is `audio`."""
    for delimiter in DELIMITERS:
        if "audio" in _names(header.strip("\r\n").split(delimiter)):
            return delimiter
    return None


def _names(cells: list[str]) -> list[str]:
    return [cell.strip().strip('"').strip().lower() for cell in cells]


def _columns(path: Path, reader: Any, problems: Problems) -> Iterator[Row]:
    """The rows of a table whose first line names the columns."""
    columns: list[str] | None = None
    line = 0
    try:
        for cells in reader:
            where, line = f"{path}, line {reader.line_num}", reader.line_num
            if columns is None:
                columns = _names(cells)
                _require_distinct(columns, where)
            elif not cells:
                continue
            elif len(cells) != len(columns):
                problems.errors.append(
                    DataError(
                        f"{where} does not have {len(columns)} fields as the first line has",
                        f"put texts that hold a {DELIMITERS[reader.dialect.delimiter]} between double quotes",
                    )
                )
            else:
                yield where, dict(zip(columns, cells, strict=True))
    except csv.Error as error:
        problems.errors.append(_csv_error(f"{path}, line {line + 1}", error))


def _require_distinct(columns: list[str], where: str) -> None:
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise DataError(f"{where} names the column {twice[0]!r} twice", "rename one")


def _csv_error(where: str, error: csv.Error) -> DataError:
    """What Python's reader means."""
    said = str(error)
    if "field larger than" in said:
        limit = csv.field_size_limit()
        return DataError(
            f"{where} begins a field of over {limit} characters", "close the double quote that it begins with"
        )
    if "unexpected end of data" in said:
        return DataError(f"{where} opens a double quote that is never closed", "close it")
    return DataError(f"{where} is malformed ({said})", "double each double quote inside a quoted text")


def _is_ljspeech(path: Path, header: str) -> bool:
    cells = header.strip("\r\n").split("|")
    return len(cells) in LJSPEECH_FIELDS and is_file(path.parent / "wavs" / f"{cells[0]}.wav")


def _ljspeech_rows(path: Path, problems: Problems) -> Iterator[Row]:
    """`id|text|text as read`, without quoting, with the recordings in `wavs/`."""
    with path.open(encoding="utf-8-sig") as stream:
        for number, line in enumerate(stream, 1):
            where, cells = f"{path}, line {number}", line.rstrip("\r\n").split("|")
            if len(cells) in LJSPEECH_FIELDS:
                row = {"id": cells[0], "audio": f"wavs/{cells[0]}.wav", "text": cells[-1]}
                yield where, row
            elif line.strip():
                problems.errors.append(
                    DataError(f"{where} is not of LJSpeech's form id|text|text", "correct it")
                )


def _json_rows(path: Path, problems: Problems) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig") as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                row = None
                with problems.noted():
                    row = _json_row(line, f"{path}, line {number}")
                if row is not None:
                    yield row


def _json_row(line: str, where: str) -> Row:
    try:
        row = parse_json(line)
    except ValueError as error:
        raise DataError(f"{where} is not JSON ({error})", "write one JSON object a line") from error
    if not isinstance(row, dict):
        raise DataError(f"{where} is not a JSON object", 'write {"audio": …, "text": …}')
    lowered = {name.lower(): value for name, value in row.items()}
    return where, {name: _string(value, name, where) for name, value in lowered.items()}


def _string(value: Any, name: str, where: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if name not in COLUMNS or (name in ("id", "speaker") and isinstance(value, int)):
        return str(value)
    raise DataError(f"{where}: {name} is {value!r}, not a string", "put it between double quotes")


def _utterance(
    row: dict[str, str],
    where: str,
    root: Path,
    language: str,
    speaker: str | None,
    declared: Mapping[str, bool],
) -> Utterance:
    cells = {name: row.get(name, "").strip() for name in COLUMNS}
    if not cells["audio"]:
        raise DataError(f"{where} names no audio file", "fill in `audio` or remove the row")
    audio = existing_audio(root / cells["audio"], where)
    return Utterance(
        id=cells["id"] or _id_of(cells["audio"]),
        audio=audio,
        text=cells["text"] if "text" in row else None,
        speaker=cells["speaker"] or speaker,
        language=cells["language"] or language,
        ipa=cells["ipa"] or None,
        row=where,
        caption=cells["caption"] or None,
        columns={
            name: str(existing_audio(root / row[name].strip(), where)) if is_sound else row[name].strip()
            for name, is_sound in declared.items()
            if row.get(name, "").strip()
        },
    )


def _id_of(audio: str) -> str:
    """`train/ann/001.flac` → `train-ann-001`."""
    parts = Path(audio).with_suffix("").parts
    return "-".join(part for part in parts if part not in ("/", ".", ".."))
