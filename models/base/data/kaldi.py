"""Kaldi data folders."""

from __future__ import annotations

from math import isfinite
from pathlib import Path

from hiervox.models.base.data.utterance import Problems, Utterance, existing_audio
from hiervox.utils.errors import DataError

Entry = tuple[str, str]
"""What follows the first word of a line, and where the line is."""
NAMES = ("wav.scp", "segments", "utt2spk", "text", "utt2lang")
"""Files of a Kaldi folder that are read."""
TO_THE_END = -1.0  # of a recording, as an end in `segments`


def read_kaldi(folder: Path, language: str) -> list[Utterance]:
    """The utterances of a Kaldi folder.

    It holds `wav.scp` and, where they are, `segments`, `utt2spk`, `text` and `utt2lang`. Paths in `wav.scp`
    are relative to the folder. Without `segments` each recording is an utterance. lhotse's own reader takes
    one sampling rate for all files, and would run commands in `wav.scp`; here each file's header counts, and
    commands are refused.

    Raises:
        DataError: naming every malformed line, and every file that is not there.
    """
    if not (folder / "wav.scp").is_file():
        raise DataError(f"{folder} has no wav.scp", "name a Kaldi folder, or a table")
    problems = Problems(folder)
    files = {name: _entries(folder / name, problems) for name in NAMES}
    recordings = _recordings(folder, files["wav.scp"] or {}, problems)
    segments = files["segments"]
    if segments is None:
        segments = {name: (f"{name} 0 {TO_THE_END}", where) for name, (_, where) in recordings.items()}
    utterances = []
    for name, entry in segments.items():
        with problems.noted():
            utterances.append(_utterance(name, entry, recordings, files, language))
    problems.raise_all()
    return utterances


def _entries(path: Path, problems: Problems) -> dict[str, Entry] | None:
    """First word of a line → the rest of it; None where the file is not there."""
    if not path.is_file():
        return None
    entries: dict[str, Entry] = {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 ({error})", "save it as UTF-8") from error
    for number, line in enumerate(lines, 1):
        where = f"{path}, line {number}"
        key, *rest = line.strip().split(maxsplit=1) or [""]
        if not key:
            continue
        if key in entries:
            problems.errors.append(DataError(f"{where} repeats {key!r} of {entries[key][1]}", "remove one"))
        entries[key] = (rest[0] if rest else "", where)
    return entries


def _recordings(folder: Path, entries: dict[str, Entry], problems: Problems) -> dict[str, tuple[Path, str]]:
    recordings = {}
    for name, (path, where) in entries.items():
        with problems.noted():
            if path.endswith("|") or path.startswith("|"):
                raise DataError(
                    f"{where} is a pipe", "run the commands once and put plain audio paths in wav.scp"
                )
            recordings[name] = (existing_audio(folder / path, where), where)
    return recordings


def _utterance(
    name: str,
    segment: Entry,
    recordings: dict[str, tuple[Path, str]],
    files: dict[str, dict[str, Entry] | None],
    language: str,
) -> Utterance:
    recording, start, end = _segment(*segment)
    where = segment[1]
    if recording not in recordings:
        raise DataError(f"{where}: {recording!r} is not in wav.scp", "add it")
    speakers, texts = files["utt2spk"], files["text"]
    if speakers is not None and name not in speakers:
        raise DataError(f"{where}: {name!r} has no line in utt2spk", "add it")
    return Utterance(
        id=name,
        audio=recordings[recording][0],
        text=None if texts is None else texts.get(name, ("", ""))[0],
        speaker=None if speakers is None else speakers[name][0] or None,
        language=(files["utt2lang"] or {}).get(name, (language, ""))[0],
        ipa=None,
        row=where,
        start=start,
        end=end,
    )


def _segment(text: str, where: str) -> tuple[str, float, float | None]:
    """`recording start end`, in seconds."""
    try:
        recording, *times = text.split()
        start, end = map(float, times)
    except ValueError:
        start = end = float("nan")
    whole = end == TO_THE_END
    if not (isfinite(start) and isfinite(end) and start >= 0 and (whole or start < end)):
        raise DataError(f"{where} is not of the form utterance recording start end", "correct it")
    return recording, start, None if whole else end
