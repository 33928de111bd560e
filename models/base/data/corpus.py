"""A user's recordings, as one table or a Kaldi folder, become lhotse cuts."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hiervox.processors.text.config import espeak_name
from hiervox.utils.errors import DataError
from hiervox.utils.logging import get_logger

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut

COLUMNS = ("audio", "text", "speaker", "language", "id", "ipa")

_log = get_logger("prepare")


@dataclass(frozen=True)
class Utterance:
    """One row of a corpus.

    Attributes:
        id: unique name.
        audio: its recording; the whole file is the utterance.
        text: what is said; None where nobody says what, empty where the row should tell and does not.
        speaker: who says it, where known.
        language: espeak name of the language (`en-us`, `de`, …).
        ipa: given pronunciation, which then takes the place of the text frontend's.
        row: where it stands, for error messages.
    """

    id: str
    audio: Path
    text: str | None
    speaker: str | None
    language: str
    ipa: str | None
    row: str


def read_corpus(source: Path, language: str = "en-us") -> list[DataCut]:
    """Read a CSV or JSONL table (`audio, text, speaker, language`) or a Kaldi folder into cuts.

    An audio file that has no readable header becomes a cut of 0 seconds, which `validate` then reports.

    Args:
        source: the table or the folder.
        language: of rows that name none.

    Raises:
        DataError: naming the row at fault and the mend.
    """
    if source.is_dir():
        utterances = read_kaldi(source, language)
    elif source.is_file():
        utterances = read_table(source, language)
    else:
        raise DataError(f"no table {source}", "name a CSV or JSONL file, or a Kaldi folder")
    if not utterances:
        raise DataError(f"{source} holds no utterances", "add rows")
    _require_distinct(utterances)
    return [to_cut(utterance) for utterance in utterances]


def read_table(path: Path, language: str) -> list[Utterance]:
    """The rows of a CSV or JSONL table. Audio paths are relative to the table.

    Only `audio` is needed. A row without `text` (in CSV, without the column) is audio only. `id` names the
    utterance (otherwise the audio path does), `ipa` its pronunciation; further columns are left out.

    Raises:
        DataError: a malformed row, a row without audio, or a missing audio file.
    """
    kind = path.suffix.lower()
    if kind not in (".csv", ".jsonl"):
        raise DataError(f"{path} is neither .csv nor .jsonl", "give the table one of these endings")
    try:
        rows = list(_csv_rows(path) if kind == ".csv" else _jsonl_rows(path))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not a UTF-8 {kind[1:]} table ({error})", "save it as UTF-8") from error
    columns = {name for _, row in rows for name in row}
    surplus = sorted(columns - set(COLUMNS))
    if surplus:
        _log.info("columns of %s that are not used: %s", path.name, ", ".join(surplus))
    return [_utterance(row, where, path.parent, language) for where, row in rows]


def _csv_rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, strict=True)
        columns = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = columns
        if "audio" not in columns:
            raise DataError(
                f"{path} has no column `audio` (its first line reads {','.join(columns)!r})",
                "let the first line name the columns: audio,text,speaker,language",
            )
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            if None in row or None in row.values():
                raise DataError(
                    f"{where} does not have {len(columns)} fields as the first line has",
                    "put texts that hold a comma between double quotes",
                )
            yield where, row


def _jsonl_rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    with path.open(encoding="utf-8-sig") as stream:
        for number, line in enumerate(stream, 1):
            where = f"{path}, line {number}"
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise DataError(f"{where} is not JSON ({error})", "write one JSON object a line") from error
            if not isinstance(row, dict):
                raise DataError(f"{where} is not a JSON object", 'write {"audio": …, "text": …}')
            yield where, {name: _string(value, name, where) for name, value in row.items()}


def _string(value: Any, name: str, where: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if name not in COLUMNS or (name in ("id", "speaker") and isinstance(value, int)):
        return str(value)
    raise DataError(f"{where}: {name} is {value!r}, not a string", "put it between double quotes")


def _utterance(row: dict[str, str], where: str, root: Path, language: str) -> Utterance:
    cells = {name: row.get(name, "").strip() for name in COLUMNS}
    if not cells["audio"]:
        raise DataError(f"{where} names no audio file", "fill in `audio` or remove the row")
    audio = root / cells["audio"]
    return Utterance(
        id=cells["id"] or _id_of(cells["audio"]),
        audio=_existing(audio, where),
        text=cells["text"] if "text" in row else None,
        speaker=cells["speaker"] or None,
        language=cells["language"] or language,
        ipa=cells["ipa"] or None,
        row=where,
    )


def _id_of(audio: str) -> str:
    """`train/ann/001.flac` → `train-ann-001`."""
    parts = Path(audio).with_suffix("").parts
    return "-".join(part for part in parts if part not in ("/", ".", ".."))


def _existing(audio: Path, where: str) -> Path:
    if not audio.is_file():
        raise DataError(f"{where}: no audio file {audio}", "mend the path, which is relative to the table")
    return audio.resolve()


def read_kaldi(folder: Path, language: str) -> list[Utterance]:
    """The utterances of a Kaldi folder: `wav.scp`, `utt2spk`, and, where they are, `text` and `utt2lang`.

    Paths in `wav.scp` are relative to the folder.

    Raises:
        DataError: a missing file, a malformed line, a pipe in `wav.scp`, or a `segments` file.
    """
    if not (folder / "wav.scp").is_file():
        raise DataError(f"{folder} has no wav.scp", "name a Kaldi folder, or a CSV or JSONL table")
    if (folder / "segments").exists():
        raise DataError(f"{folder} has a segments file", "cut the recordings into one file an utterance")
    recordings = _kaldi_map(folder / "wav.scp")
    speakers = _kaldi_map(folder / "utt2spk")
    texts = _kaldi_map(folder / "text") if (folder / "text").is_file() else None
    languages = _kaldi_map(folder / "utt2lang") if (folder / "utt2lang").is_file() else {}
    utterances = []
    for identity, (path, where) in recordings.items():
        if path.endswith("|") or path.startswith("|"):
            raise DataError(
                f"{where} is a pipe", "run the commands once and put plain audio paths in wav.scp"
            )
        if identity not in speakers:
            raise DataError(f"{where}: {identity!r} has no line in utt2spk", "add it")
        utterances.append(
            Utterance(
                id=identity,
                audio=_existing(folder / path, where),
                text=None if texts is None else texts.get(identity, ("", ""))[0],
                speaker=speakers[identity][0] or None,
                language=languages.get(identity, (language, ""))[0],
                ipa=None,
                row=where,
            )
        )
    return utterances


def _kaldi_map(path: Path) -> dict[str, tuple[str, str]]:
    """First word of a line → the rest of it, and where the line is."""
    if not path.is_file():
        raise DataError(f"no file {path}", "add it to the Kaldi folder")
    entries: dict[str, tuple[str, str]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        where = f"{path}, line {number}"
        key, _, value = line.strip().partition(" ")
        if not key:
            raise DataError(f"{where} is empty", "remove it")
        if key in entries:
            raise DataError(f"{where} repeats {key!r} of {entries[key][1]}", "remove one")
        entries[key] = (value.strip(), where)
    return entries


def _require_distinct(utterances: Iterable[Utterance]) -> None:
    rows: dict[str, str] = {}
    for utterance in utterances:
        if utterance.id in rows:
            raise DataError(
                f"{utterance.row} and {rows[utterance.id]} are both called {utterance.id!r}",
                "remove one, or add a column `id`",
            )
        rows[utterance.id] = utterance.row


def to_cut(utterance: Utterance) -> DataCut:
    """A cut over the whole file, with one supervision that carries text, speaker, language and given IPA."""
    import soundfile
    from lhotse.audio import AudioSource, Recording
    from lhotse.supervision import SupervisionSegment

    try:
        info = soundfile.info(str(utterance.audio))
        rate, samples, channels = info.samplerate, info.frames, list(range(info.channels))
    except (soundfile.LibsndfileError, OSError):
        rate, samples, channels = 16_000, 0, [0]
    recording = Recording(
        id=utterance.id,
        sources=[AudioSource(type="file", channels=channels, source=str(utterance.audio))],
        sampling_rate=rate,
        num_samples=samples,
        duration=samples / rate,
    )
    cut: DataCut = recording.to_cut()
    cut.id = utterance.id
    cut.supervisions = [
        SupervisionSegment(
            id=utterance.id,
            recording_id=utterance.id,
            start=0.0,
            duration=recording.duration,
            channel=channels if len(channels) > 1 else 0,
            text=utterance.text,
            speaker=utterance.speaker,
            language=espeak_name(utterance.language),
            custom=None if utterance.ipa is None else {"ipa": utterance.ipa},
        )
    ]
    return cut
