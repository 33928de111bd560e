"""Alignments as files: Praat's TextGrid, as MFA writes it, and NIST's CTM."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hiervox.utils.errors import DataError, DependencyError
from hiervox.utils.files import write_text

TEXTGRID = ".TextGrid"
PHONE_TIERS, WORD_TIERS = ("phones", "phone", "phonemes", "phoneme"), ("words", "word")
SILENT_LABELS = frozenset({"", "sil", "sp", "spn", "<eps>", "<sil>", "silence"})
"""What aligners write where nobody speaks, in lower case."""
SIL = "sil"
TEXT_MARKS = ("TextFile", "Praat chronological TextGrid")
"""What Praat's text files hold in their first characters."""
HEADER_BYTES = 100
ENCODINGS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"", "latin-1"))
LONGEST_SECONDS = 86_400.0


class Interval(NamedTuple):
    """A labelled interval, in seconds."""

    start: float
    end: float
    label: str


class Alignment(NamedTuple):
    """The phonemes of an utterance, in order, and its words where they are known."""

    phones: list[Interval]
    words: Sequence[Interval] = ()


def read_textgrid(path: Path) -> Alignment:
    """Read the tiers `phones` and `words`, in any of Praat's formats.

    Raises:
        DataError: it is missing, is no TextGrid, or has no tier of phonemes.
        DependencyError: praat-parselmouth is not installed.
    """
    try:
        import parselmouth
    except ImportError as error:
        raise DependencyError(
            "reading TextGrids needs praat-parselmouth", "pip install praat-parselmouth, or give a CTM file"
        ) from error
    try:
        _require_praat(path)
        grid = parselmouth.Data.read(str(path))
        tiers = _tiers(grid) if isinstance(grid, parselmouth.TextGrid) else None
    except (parselmouth.PraatError, OSError, ValueError) as error:  # a label may hold half a character
        reason = (str(error).strip().splitlines() or ["unreadable"])[0]
        raise DataError(
            f"can't read {path} as a TextGrid ({reason})", "export it again from Praat"
        ) from error
    if tiers is None:
        raise DataError(f"{path} is a {type(grid).__name__}, not a TextGrid", "export the alignment again")
    phones = _named(tiers, PHONE_TIERS)
    if phones is None:
        known = ", ".join(tiers) or "none"
        raise DataError(f"{path} has no tier {PHONE_TIERS[0]} (it has {known})", "rename the tier in Praat")
    return Alignment(_checked(phones, str(path)), _named(tiers, WORD_TIERS) or ())


def _require_praat(path: Path) -> None:
    """Refuse a file that does not begin as Praat's do: it takes others for sounds, and crashes on some.

    Raises:
        OSError: it can't be read.
        ValueError: such a file.
    """
    with path.open("rb") as stream:
        header = stream.read(HEADER_BYTES)
    encoding = next(name for bom, name in ENCODINGS if header.startswith(bom))
    start = header.decode(encoding, "replace")[: HEADER_BYTES // 2]
    is_text = "\0" not in start and any(mark in start for mark in TEXT_MARKS)
    if not is_text and not header.startswith(b"ooBinaryFile"):
        raise ValueError("it does not begin as Praat's files do")


def _tiers(grid: Any) -> dict[str, list[Interval]]:
    """The interval tiers by name."""
    from parselmouth.praat import call

    tiers = {}
    for number in range(1, int(call(grid, "Get number of tiers")) + 1):
        if not call(grid, "Is interval tier", number):
            continue
        tiers[str(call(grid, "Get tier name", number))] = [
            Interval(
                float(call(grid, "Get start time of interval", number, index)),
                float(call(grid, "Get end time of interval", number, index)),
                str(call(grid, "Get label of interval", number, index)),
            )
            for index in range(1, int(call(grid, "Get number of intervals", number)) + 1)
        ]
    return tiers


def _named(tiers: dict[str, list[Interval]], names: Sequence[str]) -> list[Interval] | None:
    """The first tier of such a name, which may follow a speaker's, as in `ann - phones`."""
    for name, intervals in tiers.items():
        if name.rsplit(" - ", 1)[-1].strip().lower() in names:
            return intervals
    return None


def write_textgrid(path: Path, phones: Sequence[Interval], seconds: float) -> None:
    """Write a tier `phones` in Praat's text format, in UTF-8; what no phoneme covers is silent.

    Args:
        path: of the file, whose folder is made.
        phones: in order.
        seconds: length of the recording.
    """
    filled: list[Interval] = []
    for interval in phones:
        end = filled[-1].end if filled else 0.0
        if interval.start > end:
            filled.append(Interval(end, interval.start, ""))
        if interval.end > interval.start:  # Praat has no intervals of no length
            filled.append(interval)
    if not filled or filled[-1].end < seconds:
        filled.append(Interval(filled[-1].end if filled else 0.0, seconds, ""))
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {filled[-1].end:.6f}",
        "tiers? <exists>",
        "size = 1",
        "item []:",
        "    item [1]:",
        '        class = "IntervalTier"',
        f'        name = "{PHONE_TIERS[0]}"',
        "        xmin = 0",
        f"        xmax = {filled[-1].end:.6f}",
        f"        intervals: size = {len(filled)}",
    ]
    for number, interval in enumerate(filled, 1):
        label = interval.label.strip().replace('"', '""')
        lines += [
            f"        intervals [{number}]:",
            f"            xmin = {interval.start:.6f}",
            f"            xmax = {interval.end:.6f}",
            f'            text = "{label}"',
        ]
    write_text(path, "\n".join(lines) + "\n")


def read_ctm(path: Path) -> dict[str, Alignment]:
    """The phonemes of each utterance of a CTM file: `utterance channel start duration label`.

    Raises:
        DataError: it is missing, or a line is not of this form; the line is named.
    """
    utterances: dict[str, list[Interval]] = {}
    hint = "write lines of: utterance channel start duration label"
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"can't read {path} ({error})", hint) from error
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith(";;"):
            continue
        cells = line.split()
        try:
            start, duration = float(cells[2]), float(cells[3])
            label = cells[4]
        except (ValueError, IndexError) as error:
            raise DataError(f"{path}, line {number} is no CTM: {line[:60]!r}", hint) from error
        utterances.setdefault(cells[0], []).append(Interval(start, start + duration, label))
    if not utterances:
        raise DataError(f"{path} holds no alignment", hint)
    return {
        name: Alignment(_checked(sorted(intervals, key=lambda interval: interval.start), f"{name} of {path}"))
        for name, intervals in utterances.items()
    }


def ctm_lines(utterance: str, phones: Iterable[Interval]) -> list[str]:
    """The lines of one utterance."""
    return [
        f"{utterance} 1 {phone.start:.4f} {phone.end - phone.start:.4f} {phone.label.strip() or SIL}"
        for phone in phones
    ]


def _checked(intervals: list[Interval], where: str) -> list[Interval]:
    """Intervals in order that do not overlap.

    Raises:
        DataError: others, or none at all.
    """
    end = 0.0
    for interval in intervals:
        if not (0 <= interval.start <= interval.end <= LONGEST_SECONDS) or interval.start < end - 0.005:
            raise DataError(
                f"{where}: {interval.label!r} from {interval.start:g} to {interval.end:g} s is out of order",
                "align it again",
            )
        end = interval.end
    if not intervals:
        raise DataError(f"{where} holds no phoneme", "align it again")
    return intervals
